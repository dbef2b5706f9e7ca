"""Counts that are taken once and hold under every cutoff: equal to encoding and cutting row by row."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_data_labels import LLAMA3, MISTRAL, NO_END, ONLY_LAST_ENDS, PHI, REASONING

from workbench.data.conversation import Conversation, Message
from workbench.data.opening import OpeningStopped, open_dataset
from workbench.data.tokens import counting
from workbench.data.tokens.counting import count_rows, count_tokens
from workbench.data.tokens.encode import RowEncoder, encode, encode_whole
from workbench.data.tokens.encoded import Encoded, RowDropped
from workbench.data.tokens.lengths import TokenLengths
from workbench.data.tokens.lost_characters import LostCharacters
from workbench.data.tokens.portable import hand_over, take_over
from workbench.errors import WorkbenchError

contents = st.text(st.sampled_from("ab 电😀\n"), max_size=12)
answers = contents.filter(lambda text: text.strip())
TEMPLATES = [LLAMA3, MISTRAL, PHI, REASONING, NO_END, ONLY_LAST_ENDS]


@st.composite
def conversations(draw: st.DrawFn) -> list[Conversation]:
    made = []
    for row in range(1, draw(st.integers(1, 6)) + 1):
        if draw(st.integers(0, 5)) == 0:
            made.append(Conversation((), row, text=draw(answers)))
            continue
        messages = [Message("system", draw(contents))] if draw(st.booleans()) else []
        for _ in range(draw(st.integers(1, 3))):
            said = Message("assistant", draw(answers), trained=draw(st.integers(0, 4)) > 0)
            messages += [Message("user", draw(contents)), said]
        conversation = Conversation(tuple(messages), row, label=draw(st.sampled_from([None, True, False])))
        if draw(st.integers(0, 4)) == 0:
            chosen, rejected = Message("assistant", draw(answers)), Message("assistant", "no")
            conversation = replace(
                conversation, messages=tuple(messages[:-1]), label=None, chosen=chosen, rejected=rejected
            )
        made.append(conversation)
    return made


def row_by_row(made: list[Conversation], tokenizer: Any, cutoff: int, policy: str, **options: bool) -> Any:
    trained, eos_lost, dropped, kept = 0, [], {}, []
    cut_rows, lost = [], 0
    for conversation in made:
        row = conversation.row
        try:
            whole = encode_whole(conversation, tokenizer, **options)
        except RowDropped as drop:
            dropped[row] = drop.reason
            continue
        if len(whole.input_ids) > cutoff:
            cut_rows.append(row)
            lost += len(whole.input_ids) - cutoff
        try:
            encoded = encode(conversation, tokenizer, cutoff_len=cutoff, cutoff_policy=policy, **options)
        except RowDropped as drop:
            dropped[row] = drop.reason
            continue
        except WorkbenchError as error:
            dropped[row] = error.problem
            continue
        trained += encoded.trained
        kept.append(len(encoded.input_ids))
        last = encoded.turn_ends[-1] if encoded.turn_ends else -1
        if not 0 <= last < cutoff:
            eos_lost.append(row)
    return trained, eos_lost, dropped, kept, cut_rows, lost


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    conversations(),
    st.sampled_from(TEMPLATES),
    st.integers(1, 120),
    st.sampled_from(["truncate", "drop", "error"]),
    st.booleans(),
    st.booleans(),
)
def test_the_counts_are_those_of_encoding_row_by_row(
    byte_tokenizer,
    made: list[Conversation],
    template: str,
    cutoff: int,
    policy: str,
    on_prompt: bool,
    last_only: bool,
) -> None:
    tokenizer = byte_tokenizer(template)
    options = {"train_on_prompt": on_prompt, "mask_history": last_only}
    encoder = RowEncoder(tokenizer, **options)
    half = len(made) // 2
    lost = LostCharacters(tokenizer)
    lengths = TokenLengths.joined(
        [count_rows(part, encoder, lost, lambda _: None) for part in (made[:half], made[half:])]
    )
    counted = lengths.under(cutoff, policy)
    trained, eos_lost, dropped, kept, cut_rows, tokens_lost = row_by_row(
        made, tokenizer, cutoff, policy, **options
    )
    assert {bad.row: bad.reason for bad in counted.dropped} == dropped
    assert [bad.row for bad in counted.dropped] == counted.untrained_rows_numbers.tolist() == sorted(dropped)
    assert counted.trained == trained
    assert counted.eos_lost_rows.tolist() == eos_lost
    assert counted.kept_lengths.tolist() == kept
    assert (counted.cut_rows.tolist(), counted.tokens_lost) == (cut_rows, tokens_lost)
    assert sum(map(sum, counted.lengths_by_role.values())) == counted.total
    nothing_lost = lengths.under(max(1, counted.lossless_cutoff))
    assert nothing_lost.rows_cut == nothing_lost.tokens_lost == 0
    if counted.lossless_cutoff > 1:
        assert lengths.under(counted.lossless_cutoff - 1).rows_cut > 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conversations(), st.sampled_from(TEMPLATES))
def test_rows_in_batches_and_threads_are_those_encoded_alone(
    byte_tokenizer, made: list[Conversation], template: str
) -> None:
    tokenizer = byte_tokenizer(template)

    def alone(conversation: Conversation) -> Encoded | str:
        try:
            return encode_whole(conversation, tokenizer)
        except RowDropped as drop:
            return drop.reason

    expected = [alone(conversation) for conversation in made]
    encoder = RowEncoder(tokenizer)
    for outcomes in (encoder.encode_all(made), encoder.encode_in_threads(made * 50)):
        found = [one.reason if isinstance(one, RowDropped) else one for one in outcomes]
        assert found == expected * (len(found) // len(made))


def file_of(path: Path, count: int) -> Path:
    outputs = ["a\x04" if n == 7 else f"word {n} " * (n % 9 + 1) for n in range(count)]
    rows = [{"instruction": f"q {n}", "output": output} for n, output in enumerate(outputs)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def same(one: TokenLengths, other: TokenLengths) -> bool:
    return all(np.array_equal(value, getattr(other, name)) for name, value in vars(one).items())


def test_workers_count_as_this_thread_does(
    tmp_path: Path, smollm2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(file_of(tmp_path / "data.jsonl", 300))
    here = count_tokens(dataset, smollm2, mask_history=True)
    monkeypatch.setattr(counting, "IN_THIS_THREAD", 100)
    told: list[float] = []
    by_workers = count_tokens(dataset, smollm2, mask_history=True, progress=told.append)
    assert same(here, by_workers)
    assert here.under(2048).lost_character_rows.tolist() == [8]
    assert told[-1] == 1.0
    with pytest.raises(OpeningStopped, match="counting the tokens was stopped"):
        count_tokens(dataset, smollm2, cancelled=lambda: True)


def test_counts_are_kept_and_made_anew_for_another_template(
    tmp_path: Path, home: Path, smollm2: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(file_of(tmp_path / "data.jsonl", 30_000))
    assert dataset.kept_in is not None
    monkeypatch.setattr(counting, "IN_THIS_THREAD", 1 << 30)
    monkeypatch.setattr(counting, "count_rows", short := Counted())
    first = count_tokens(dataset, tiny_model)
    assert same(first, count_tokens(dataset, tiny_model)) and short.calls == 1
    count_tokens(dataset, tiny_model, mask_history=True)
    assert short.calls == 2
    template = tiny_model / "chat_template.jinja"
    before = template.read_text()
    try:
        template.write_text(before + " ")
        count_tokens(dataset, tiny_model)
    finally:
        template.write_text(before)
    assert short.calls == 3
    assert len(list(dataset.kept_in.glob("tokens-*"))) == 3


class Counted:
    """Counts the first rows only, and how often it was asked to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, conversations: Any, *others: Any) -> TokenLengths:
        self.calls += 1
        return count_rows([next(conversations) for _ in range(self.calls)], *others)


def test_a_damaged_count_is_made_anew(
    tmp_path: Path, home: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(file_of(tmp_path / "data.jsonl", 30_000))
    monkeypatch.setattr(counting, "IN_THIS_THREAD", 1 << 30)
    monkeypatch.setattr(counting, "count_rows", short := Counted())
    first = count_tokens(dataset, tiny_model)
    assert dataset.kept_in is not None
    (kept,) = dataset.kept_in.glob("tokens-*")
    kept.write_bytes(kept.read_bytes()[:100])
    count_tokens(dataset, tiny_model)
    assert short.calls == 2 and len(first) == 1


def test_a_worker_needs_no_torch(tmp_path: Path, smollm2_tokenizer) -> None:
    path = file_of(tmp_path / "data.jsonl", 20)
    assert hand_over(smollm2_tokenizer, tmp_path)
    order = {
        "spec": str(path),
        "format": "alpaca",
        "mapping": None,
        "fingerprint": open_dataset(path).fingerprint,
        "from": 0,
        "to": 20,
        "tokenizer": str(tmp_path),
        "options": {"train_on_prompt": False, "mask_history": False},
        "found": str(tmp_path / "found.npz"),
    }
    script = (
        "import json, sys\nfrom workbench.data.tokens.worker import count_share\n"
        f"count_share(json.loads({json.dumps(order)!r}), lambda share: None)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
    assert len(TokenLengths.from_file(tmp_path / "found.npz")) == 20


def test_a_million_rows_follow_a_cutoff_at_once() -> None:
    rows = np.arange(1, 1_000_001)
    generator = np.random.default_rng(0)
    lengths = generator.lognormal(5.5, 1, len(rows)).astype(np.int64) + 2
    starts = (lengths // 2).astype(np.int32)
    made = TokenLengths(
        rows=rows,
        lengths=lengths,
        trained=lengths - starts,
        last_ends=lengths - 1,
        lost_characters=np.zeros(len(rows), np.int32),
        special_text=np.zeros(len(rows), np.int32),
        lost_answers=np.zeros(len(rows), np.int32),
        by_role=np.ones((len(rows), 6), np.int32),
        first_range=np.arange(len(rows) + 1),
        starts=starts,
        ends=lengths.astype(np.int32),
        dropped_rows=np.zeros(0, np.int64),
        dropped_codes=np.zeros(0, np.int64),
        reasons=(),
    )
    counted = made.under(300)
    kept = np.minimum(lengths, 300) - np.minimum(starts, 300)
    assert counted.trained == int(kept.sum()) and counted.untrained_rows == int((kept == 0).sum())
    assert counted.packing.sequences > 0


def test_a_tokenizer_that_comes_out_different_is_not_used(
    tmp_path: Path, smollm2: Path, smollm2_tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hand_over(smollm2_tokenizer, tmp_path)
    assert take_over(tmp_path) is not None
    beside = tmp_path / "beside.json"
    beside.write_text(beside.read_text().replace("<|im_end|>", "<|endoftext|>"))
    assert take_over(tmp_path) is None
    dataset = open_dataset(file_of(tmp_path / "data.jsonl", 40))
    here = count_tokens(dataset, smollm2)
    monkeypatch.setattr(counting, "IN_THIS_THREAD", 10)

    def wrong(_: object, folder: Path) -> bool:
        return bool(shutil.copytree(tmp_path, folder, dirs_exist_ok=True))

    monkeypatch.setattr(counting, "hand_over", wrong)
    assert same(here, count_tokens(dataset, smollm2))

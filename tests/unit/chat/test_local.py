"""The in-process model: base and adapter over one set of weights, streamed, stopped, seeded, limited."""

from __future__ import annotations

import json
import shutil
import threading
from itertools import islice
from pathlib import Path

import pytest
from tiny_adapter import save_tiny_adapter

from workbench.chat.backend import Backend, ContextFull, Sampling
from workbench.chat.choosing import chooser
from workbench.chat.local import LocalModel
from workbench.data.conversation import Message
from workbench.errors import WorkbenchError, WrongUse
from workbench.models.generation import generate

QUESTION = (Message("system", "Be brief."), Message("user", "你好, what is the sky?"))
# A random model repeats itself for ever without the penalty.
GREEDY = Sampling(temperature=0, repetition_penalty=2.0, max_new_tokens=24)


@pytest.fixture(scope="module")
def base(tiny_model: Path) -> LocalModel:
    return LocalModel.load(str(tiny_model))


@pytest.fixture(scope="module")
def tuned(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    folder = tmp_path_factory.mktemp("adapter") / "tuned"
    return LocalModel.load(str(save_tiny_adapter(tiny_model, folder)))


def answer(backend: Backend, sampling: Sampling = GREEDY) -> str:
    return "".join(backend.stream(QUESTION, sampling, threading.Event()))


def tokens(model: LocalModel) -> list[int]:
    """The ids that GREEDY chooses."""
    prompt = model.prompt(QUESTION)
    return list(islice(generate(model._model, prompt, chooser(GREEDY, prompt)), GREEDY.max_new_tokens))


def changed(tiny_model: Path, folder: Path, file: str, **values: object) -> Path:
    """A copy of the tiny model with other values in one of its files."""
    shutil.copytree(tiny_model, folder)
    settings = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**settings, **values}))
    return folder


def test_base_and_adapter_answer_from_one_model(base: LocalModel, tuned: LocalModel) -> None:
    assert tuned.has_adapter and not base.has_adapter
    with_adapter, without = tuned.backend(adapter=True), tuned.backend(adapter=False)
    alone = answer(base.backend())
    assert answer(with_adapter) != alone
    assert answer(without) == alone
    assert answer(with_adapter) != alone  # and back again
    assert (with_adapter.name, without.name) == (tuned.ref.name, "tiny")


def test_the_answer_is_the_templates_continuation(base: LocalModel, tiny_model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    prompt = tokenizer.apply_chat_template(
        [{"role": m.role, "content": m.content} for m in QUESTION],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=base._model.dtype)
    with torch.no_grad():
        ids = model.generate(**prompt, do_sample=False, repetition_penalty=2.0, max_new_tokens=24)
    said = ids[0, prompt["input_ids"].shape[1] :]
    assert answer(base.backend()) == tokenizer.decode(said, skip_special_tokens=True).rstrip("\ufffd")


def test_two_answers_grow_side_by_side_and_do_not_mix(tuned: LocalModel) -> None:
    alone = {adapter: answer(tuned.backend(adapter)) for adapter in (True, False)}
    together: dict[bool, str] = {}
    overlap = threading.Barrier(2, timeout=20)

    def run(adapter: bool) -> None:
        pieces = []
        for number, piece in enumerate(tuned.backend(adapter).stream(QUESTION, GREEDY, threading.Event())):
            pieces.append(piece)
            if number < 3:
                overlap.wait()  # each is in the middle of its answer when the other goes on
        together[adapter] = "".join(pieces)

    threads = [threading.Thread(target=run, args=(adapter,)) for adapter in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert together == alone


def test_a_seed_repeats_an_answer(base: LocalModel) -> None:
    sampling = Sampling(temperature=1, max_new_tokens=24, seed=3)
    assert answer(base.backend(), sampling) == answer(base.backend(), sampling)
    assert answer(base.backend(), sampling) != answer(base.backend(), Sampling(1, max_new_tokens=24, seed=4))


def test_stop_is_heard_at_the_next_token(base: LocalModel) -> None:
    stop = threading.Event()
    taken = []
    for piece in base.backend().stream(
        QUESTION, Sampling(temperature=0, repetition_penalty=2.0, max_new_tokens=500), stop
    ):
        taken.append(piece)
        if len(taken) == 2:
            stop.set()
    assert len(taken) == 2
    assert list(base.backend().stream(QUESTION, GREEDY, stop)) == []


def test_an_answer_left_in_the_middle_leaves_the_model_free(tuned: LocalModel) -> None:
    stream = tuned.backend(adapter=False).stream(QUESTION, GREEDY, threading.Event())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert answer(tuned.backend(adapter=True)) != answer(tuned.backend(adapter=False))


def test_the_end_of_turn_ends_the_answer(base: LocalModel, tiny_model: Path, tmp_path: Path) -> None:
    said = tokens(base)
    place = next(i for i in range(3, len(said)) if said[i] not in said[:i])
    folder = changed(tiny_model, tmp_path / "m", "generation_config.json", eos_token_id=[2, said[place]])
    shorter = answer(LocalModel.load(str(folder)).backend())
    assert shorter == base._tokenizer.decode(said[:place]).rstrip("\ufffd")


def test_a_conversation_beyond_the_context_is_refused_before_the_first_piece(
    tiny_model: Path, tmp_path: Path
) -> None:
    model = LocalModel.load(
        str(changed(tiny_model, tmp_path / "m", "config.json", max_position_embeddings=20))
    )
    with pytest.raises(ContextFull, match=r"is \d+ tokens long, and the model's context holds 20"):
        next(iter(model.backend().stream(QUESTION, GREEDY, threading.Event())))


def test_an_answer_that_fills_the_context_ends_with_a_sentence(tiny_model: Path, tmp_path: Path) -> None:
    prompt = len(LocalModel.load(str(tiny_model)).prompt(QUESTION))
    folder = changed(tiny_model, tmp_path / "m", "config.json", max_position_embeddings=prompt + 5)
    model = LocalModel.load(str(folder))
    pieces = []
    with pytest.raises(ContextFull, match=f"context of {prompt + 5} tokens is full"):
        for piece in model.backend().stream(QUESTION, GREEDY, threading.Event()):
            pieces.append(piece)
    assert "".join(pieces) == model._tokenizer.decode(tokens(model)[:5]).rstrip("\ufffd")
    five = Sampling(temperature=0, repetition_penalty=2.0, max_new_tokens=5)
    assert "".join(model.backend().stream(QUESTION, five, threading.Event())) == "".join(pieces)


def test_what_cannot_be_answered_is_said(base: LocalModel, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="nothing to answer"):
        next(iter(base.backend().stream((), GREEDY, threading.Event())))
    folder = tmp_path / "picky"
    shutil.copytree(tiny_model, folder)
    (folder / "chat_template.jinja").write_text("{{ raise_exception('no system role here') }}")
    picky = LocalModel.load(str(folder))
    with pytest.raises(WorkbenchError, match="refuses this conversation \\(no system role here\\)"):
        answer(picky.backend())
    with pytest.raises(WrongUse, match="no folder, run or model"):
        LocalModel.load("never-heard-of")


def test_a_closed_model_says_so(tiny_model: Path) -> None:
    model = LocalModel.load(str(tiny_model))
    stream = iter(model.backend().stream(QUESTION, GREEDY, threading.Event()))
    next(stream)
    model.close()
    for pieces in (stream, iter(model.backend().stream(QUESTION, GREEDY, threading.Event()))):
        with pytest.raises(WorkbenchError, match="has been closed"):
            list(pieces)


def test_loading_tells_what_it_does(tiny_model: Path) -> None:
    told: list[str] = []
    LocalModel.load(str(tiny_model), told.append)
    assert len(told) >= 2 and all(told)


@pytest.mark.slow
def test_smollm2_knows_the_capital_of_france(smollm2: Path) -> None:
    model = LocalModel.load(str(smollm2))
    asked = (Message("user", "What is the capital of France? Answer in one short sentence."),)
    pieces = list(model.backend().stream(asked, Sampling(temperature=0), threading.Event()))
    assert "Paris" in "".join(pieces)
    assert 2 < len(pieces) < 60  # in pieces, and it ended its turn itself

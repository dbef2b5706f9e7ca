"""The selected row: as a conversation, as JSON, and in tokens with a cursor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from waiting import wait_for

from screens.dataset.lens import Lens
from screens.dataset.row.flow import Beside, Piece, Run, flow, flow_with_places
from screens.dataset.row.json_text import json_runs
from screens.dataset.row.panes import ConversationPane, JsonPane, RowText
from screens.dataset.row.text import conversation_runs, raw_runs
from screens.dataset.row.token_lines import TokenLines
from screens.dataset.row.tokens_pane import TokensPane
from workbench.data.conversation import Conversation, Message
from workbench.data.dataset import Dataset
from workbench.data.finding.pattern import Pattern
from workbench.data.opening import open_dataset
from workbench.untrusted import display_width

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def test_blanks_that_end_a_line_do_not_join_what_stands_before_and_behind_them() -> None:
    assert flow([Run("aa心心   心脏", "x")], 8) == [[("aa心心", "x")], [("心脏", "x")]]
    assert flow([Run("aa心心   \n心脏", "x")], 8) == [[("aa心心", "x")], [("心脏", "x")]]


def words(pieces: Sequence[Piece], width: int = 60) -> str:
    return "\n".join("".join(text for text, _ in line) for line in flow(pieces, width))


def kinds(pieces: Sequence[Piece], kind: str) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Run) and piece.kind == kind)


# --- JSON


@given(JSON, st.integers(0, 60))
def test_indented_json_means_the_same(value: Any, fits: int) -> None:
    text = json.dumps(value)
    assert json.loads("".join(run.text for run in json_runs(text, fits=fits))) == value


def test_literals_stay_as_the_file_spells_them() -> None:
    shown = "".join(run.text for run in json_runs(r'{"a":1.50e+3,"b":"\u4e2d\/","a":[]}', fits=0))
    assert shown == '{\n  "a": 1.50e+3,\n  "b": "\\u4e2d\\/",\n  "a": []\n}'


def test_what_is_short_stands_on_one_line() -> None:
    assert words(json_runs('{"from":"human","value":"hi"}')) == '{"from": "human", "value": "hi"}'


@pytest.mark.parametrize(
    "text", ['{"a": [1, {"b"', '"never ended', "}]{[", "", "plain, text: [", '{"a\x1b[31m"']
)
def test_what_is_no_json_is_laid_out_as_far_as_it_goes(text: str) -> None:
    shown = "".join(run.text for run in json_runs(text))
    assert "\x1b" not in shown
    assert "".join(shown.split()) == "".join(text.replace("\x1b[31m", "").split())


def test_long_values_are_folded_below_where_they_begin() -> None:
    lines = flow(json_runs('{"text": "' + "word " * 30 + '"}'), 40)
    shown = ["".join(text for text, _ in line) for line in lines]
    assert all(display_width(line) <= 40 for line in shown)
    assert all(line.startswith("    word") for line in shown[2:-1])


def test_a_row_of_a_megabyte_is_shown_in_part() -> None:
    shown = raw_runs(json.dumps({"text": "x" * 1_000_000}))
    assert isinstance(shown[-1], Run) and "goes on" in shown[-1].text


# --- conversation


def test_calls_and_tools_are_laid_out_and_thoughts_told_apart() -> None:
    conversation = Conversation(
        (
            Message("user", "How warm is it?"),
            Message(
                "function_call", '{"name": "weather", "arguments": {"city": "München", "unit": "celsius"}}'
            ),
            Message("tool", "not JSON {"),
            Message("assistant", "<think>12 is cool.</think>It is 12 °C."),
        ),
        1,
        tools="not JSON either [",
    )
    runs = conversation_runs(conversation)
    assert kinds(runs, "thought") == "<think>12 is cool.</think>"
    assert "not JSON {" in kinds(runs, "text") and "It is 12 °C." in kinds(runs, "text")
    assert '"München"' in kinds(runs, "json-string")
    shown = words(runs)
    assert shown.startswith("tools on offer\nnot JSON either [")
    assert "function_call · 2" in shown and '"arguments": {"city": "München", "unit": "celsius"}' in shown


def test_tools_are_read_as_what_they_do_and_take() -> None:
    weather = {
        "name": "weather",
        "description": "The weather in a city \x1b[31mnow",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "its name"},
                "days": {"type": "array", "items": {"type": "integer"}},
                "unit": {"enum": ["celsius", "华氏"]},
            },
            "required": ["city"],
        },
    }
    plain = words(conversation_runs(Conversation((), 1, tools=json.dumps([weather]))))
    assert plain == (
        "tools on offer\nweather  The weather in a city now\n  city string  its name\n"
        '  days? array of integer\n  unit? "celsius" | "华氏"'
    )
    wrapped = [{"type": "function", "function": weather}]
    assert words(conversation_runs(Conversation((), 1, tools=json.dumps(wrapped)))) == plain
    assert conversation_runs(Conversation((), 1, tools="[]")) == []


@pytest.mark.parametrize(
    "tools", ['["a"]', '[{"name": 3}]', '{"name": "a"}', '[{"name": "a", "parameters": 5}]']
)
def test_what_is_no_list_of_tools_is_shown_as_it_is(tools: str) -> None:
    shown = words(conversation_runs(Conversation((), 1, tools=tools)))
    assert shown.startswith("tools on offer") and ("a" in shown or "3" in shown)


def test_a_thought_that_never_ends_is_one() -> None:
    runs = conversation_runs(Conversation((Message("assistant", "Well. <think>on and on"),), 1))
    assert kinds(runs, "thought") == "<think>on and on"


def test_two_answers_stand_side_by_side_where_there_is_room() -> None:
    conversation = Conversation(
        (Message("user", "好吗？"),),
        1,
        chosen=Message("assistant", "很好，谢谢。" * 20),
        rejected=Message("assistant", "No."),
    )
    runs = conversation_runs(conversation)
    wide = words(runs, 100).splitlines()
    both = next(line for line in wide if "✓ chosen" in line)
    assert "│ ✗ rejected" in both
    bars = {display_width(line[: line.index("│")]) for line in wide if "│" in line}
    assert len(bars) == 1, "the line between them is straight"
    narrow = words(runs, 50)
    assert "│" not in narrow and narrow.index("✓ chosen") < narrow.index("✗ rejected")


@given(st.text("ab 中文\n", max_size=80), st.text("ab 中\n", max_size=80), st.integers(20, 120))
def test_no_line_of_two_texts_is_too_wide(left: str, right: str, width: int) -> None:
    lines = flow([Beside((Run(left, "a"),), (Run(right, "b"),))], width)
    assert all(sum(display_width(text) for text, _ in line) <= width for line in lines)


# --- places


@given(st.lists(st.text("ab 中⏎\n", max_size=12), max_size=12), st.integers(8, 30))
def test_a_place_is_known_for_everything_that_is_drawn(texts: list[str], width: int) -> None:
    lines, places = flow_with_places([Run(text, "a", whole=True) for text in texts], width)
    for number, text in enumerate(texts):
        drawn = sum(places.ends[chunk] - places.starts[chunk] for chunk in places.of_piece(number))
        assert drawn == display_width(text.replace("\n", ""))
        for chunk in places.of_piece(number):
            assert places.nearest(places.lines[chunk], places.starts[chunk]) == number
    assert all(line < max(len(lines), 1) or not lines for line in places.lines)


# --- on the screen


class Side(App[None]):
    """The three panes alone."""

    def compose(self) -> ComposeResult:
        yield TokensPane()
        yield ConversationPane()
        yield JsonPane()


ROWS: list[Any] = [
    {"instruction": "名字叫什么？", "input": "", "output": "我叫😀小明。"},
    {"messages": "broken"},
    {"instruction": "One?", "input": "", "output": "One two three four five six seven eight nine ten."},
]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), encoding="utf-8")
    return open_dataset(path)


def named(pane: TokensPane) -> str:
    return str(pane.query_one("#token").render())


async def looked(pilot: Any, pane: TokensPane, dataset: Dataset, row: int, lens: Lens) -> TokenLines:
    pane.look(dataset, row, lens)
    await wait_for(
        pilot, lambda: pane.lines.row and pane.lines.row.encoded.row == row and pane.lines.places.pieces
    )
    pane.lines.focus()
    await pilot.pause()
    return pane.lines


async def test_the_cursor_names_each_token(dataset: Dataset, tiny_model: Path) -> None:
    async with Side().run_test(size=(100, 40)) as pilot:
        pane = pilot.app.query_one(TokensPane)
        lines = await looked(pilot, pane, dataset, 1, Lens.on(str(tiny_model), 2048, template=True))
        row = lines.row
        assert row is not None
        ids: list[int] = []
        for number, piece in enumerate(row.pieces):
            assert lines.cursor == number
            shown = named(pane)
            assert f"of {row.tokens}" in shown and all(str(id_) in shown for id_ in piece.ids)
            assert (" · trained" in shown) == piece.trained
            ids += piece.ids
            await pilot.press("right")
        assert ids == row.encoded.input_ids, "all tokens were passed, in order"
        await pilot.press("right")
        assert lines.cursor == len(row.pieces) - 1, "the cursor stops at the end"
        smile = next(number for number, piece in enumerate(row.pieces) if piece.text == "😀")
        assert len(row.pieces[smile].ids) > 1
        while lines.cursor > smile:
            await pilot.press("left")
        first = row.starts[smile] + 1
        assert f"tokens {first}–{first + len(row.pieces[smile].ids) - 1} of" in named(pane)
        assert "“😀”  U+1F600 grinning face" in named(pane) and "assistant, turn 2" in named(pane)
        # The whole character is lit, and nothing else.
        ((start, end, _),) = lines.lit(lines._line)
        assert end - start == 2


async def test_a_fault_while_a_row_is_read_is_a_sentence_and_no_end_of_the_app(dataset: Dataset) -> None:
    class Faulty(RowText):
        def read(self, dataset: Dataset, row: int) -> tuple[Sequence[Piece], str]:
            raise KeyError("[/nobody] thought of it")

    class Alone(App[None]):
        def compose(self) -> ComposeResult:
            yield Faulty()

    async with Alone().run_test(size=(80, 10)) as pilot:
        pane = pilot.app.query_one(Faulty)
        pane.look(dataset, 1)
        await wait_for(pilot, lambda: pane._lines)
        assert "a fault of the workbench itself: KeyError: '[/nobody] thought of it'" in words(
            pane._pieces, 100
        )


async def test_keys_move_by_line_edge_answer_and_end(dataset: Dataset, tiny_model: Path) -> None:
    async with Side().run_test(size=(60, 40)) as pilot:
        pane = pilot.app.query_one(TokensPane)
        lines = await looked(pilot, pane, dataset, 3, Lens.on(str(tiny_model), 2048, template=True))
        row = lines.row
        assert row is not None
        await pilot.press("a")
        assert row.pieces[lines.cursor].trained and not row.pieces[lines.cursor - 1].trained
        answer = lines.cursor
        await pilot.press("a")
        assert lines.cursor == answer, "there is one answer"
        # n and N belong to what was looked for, here as beside the conversation.
        lines.highlight(Pattern("t"))
        places = lines._found
        await pilot.press("n")
        assert (places._here, lines.cursor) == (1, answer)
        await pilot.press("N")
        assert (places._here, lines.cursor) == (0, answer)
        await pilot.press("up")
        assert lines.cursor < answer and lines._line == lines.places.lines[answer] - 1
        await pilot.press("down")
        assert lines.cursor == answer
        await pilot.press("end")
        assert lines._line == lines.places.lines[answer] and lines.cursor > answer
        await pilot.press("home")
        assert lines.cursor == answer
        await pilot.press("ctrl+end")
        assert lines.cursor == len(row.pieces) - 1
        await pilot.press("ctrl+home")
        assert lines.cursor == 0
        await pilot.press("pagedown", "pageup")
        assert lines.cursor == 0


async def test_the_cut_is_between_tokens_and_the_cursor_crosses_it(
    dataset: Dataset, tiny_model: Path
) -> None:
    async with Side().run_test(size=(60, 40)) as pilot:
        pane = pilot.app.query_one(TokensPane)
        lens = Lens.on(str(tiny_model), 2048, template=True)
        row = (await looked(pilot, pane, dataset, 3, lens)).row
        assert row is not None
        pane.look(dataset, 3, lens.with_cutoff(row.tokens - 6))
        lines = pane.lines
        await wait_for(pilot, lambda: lines.row and lines.row.encoded.cut_ids)
        cut = lines.row
        assert cut is not None
        assert cut.first_cut == next(n for n, piece in enumerate(cut.pieces) if piece.cut)
        await pilot.press("ctrl+end")
        assert "cut off, would be trained" in named(pane) or "cut off" in named(pane)
        while cut.pieces[lines.cursor].cut:
            await pilot.press("up")
        assert lines._line < lines.places.lines[lines.places.of_piece(lines._run(cut.first_cut)).start]
        await pilot.press("end", "right")
        assert cut.pieces[lines.cursor].cut and lines.cursor == cut.first_cut
        marks = {lines.render_line(y).text[0] for y in range(len(lines._lines))}
        assert {"╳", "▎"} <= marks, "both are told without colour"


async def test_a_click_sets_the_cursor(dataset: Dataset, tiny_model: Path) -> None:
    async with Side().run_test(size=(100, 40)) as pilot:
        pane = pilot.app.query_one(TokensPane)
        lines = await looked(pilot, pane, dataset, 3, Lens.on(str(tiny_model), 2048, template=True))
        assert lines.row is not None
        wanted = next(number for number, piece in enumerate(lines.row.pieces) if piece.text == " seven")
        chunk = lines.places.of_piece(wanted).start
        place = (2 + lines.places.starts[chunk] + 1, lines.places.lines[chunk])
        await pilot.click(TokenLines, offset=place)
        assert lines.cursor == wanted and "seven" in named(pane)


async def test_json_is_the_files_own_text_and_a_bad_row_is_shown(dataset: Dataset, tmp_path: Path) -> None:
    async with Side().run_test(size=(100, 40)) as pilot:
        pane = pilot.app.query_one(JsonPane)
        pane.look(dataset, 1)
        await wait_for(pilot, lambda: pane._lines)
        shown = "\n".join("".join(text for text, _ in line) for line in pane._lines)
        assert json.loads(shown) == ROWS[0]
        pane.look(dataset, 2)
        await wait_for(pilot, lambda: any("broken" in text for line in pane._lines for text, _ in line))
        table = tmp_path / "rows.csv"
        table.write_text("问题,答案\n一,二\n", encoding="gb18030")
        pane.look(open_dataset(table), 1)
        await wait_for(pilot, lambda: any("问题" in text for line in pane._lines for text, _ in line))
        assert "CSV" in str(pane._border_subtitle)


async def test_a_row_of_a_megabyte_does_not_hold_up_the_keys(tmp_path: Path, tiny_model: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps({"instruction": "go", "output": "word and 中文 " * 40_000}) + "\n")
    async with Side().run_test(size=(100, 40)) as pilot:
        pane = pilot.app.query_one(JsonPane)
        pane.look(open_dataset(path), 1)
        await wait_for(pilot, lambda: len(pane._lines) > 1000)
        pane.focus()
        await pilot.press("end")
        assert pane.scroll_offset.y > 0


async def test_characters_that_the_vocabulary_lacks_are_said(tmp_path: Path, tiny_model: Path) -> None:
    from workbench.data.tokens.lost_characters import lost_characters
    from workbench.data.tokens.tokenizer import load_tokenizer

    lost = lost_characters("".join(map(chr, range(0x1, 0x800))), load_tokenizer(tiny_model))
    assert lost, "SmolLM2's vocabulary lacks some bytes"
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"instruction": "go", "output": f"it is {lost[0]}"}) + "\n")
    async with Side().run_test(size=(100, 40)) as pilot:
        pane = pilot.app.query_one(TokensPane)
        lens = Lens.on(str(tiny_model), 2048, template=True)
        lines = await looked(pilot, pane, open_dataset(path), 1, lens)
        shown = "".join(text for line in lines._lines[:2] for text, _ in line)
        assert shown.startswith("! The model will not read") and f"U+{ord(lost[0]):04X}" in shown
        await pilot.press("ctrl+end", "up", "up", "up", "up", "up", "up", "up", "up")
        assert lines.cursor < 8 and lines._line >= 2, "the cursor stays among the tokens"


async def test_terminals_that_draw_lines_wide_get_plain_ones(dataset: Dataset, tiny_model: Path) -> None:
    async with Side().run_test(size=(60, 40)) as pilot:
        pane = pilot.app.query_one(TokensPane)
        pilot.app.add_class("-ascii")
        lines = await looked(pilot, pane, dataset, 3, Lens.on(str(tiny_model), 40, template=True))
        drawn = "".join(lines.render_line(y).text for y in range(len(lines._lines)))
        assert "x " in drawn and "-- cut at 40" in drawn and not set("▎╳─") & set(drawn)

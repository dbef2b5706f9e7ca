"""The Chat screen: an Ollama server's model and models in this process, asked, stopped, refused."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from ollama_stand_in.server import Exchange, StandIn, chat, end, stand_in, tags
from seeing import seen
from textual.pilot import Pilot
from textual.widgets import Input, TextArea
from tiny_adapter import save_tiny_adapter
from waiting import wait_for

from screens.app import WorkbenchApp
from screens.chat.answer_text import AnswerText
from screens.chat.composer import Composer
from screens.chat.pane import ChatPane
from screens.chat.screen import ChatScreen
from screens.chat.settings import SettingsPane

SMALL = {"name": "small", "model": "small", "size": 10_000_000, "details": {"parameter_size": "12M"}}


@asynccontextmanager
async def chatting(
    monkeypatch: pytest.MonkeyPatch, exchanges: Sequence[Exchange], size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[Pilot[None], StandIn]]:
    """The screen, talking to `small` of a stand-in server."""
    with stand_in([tags(SMALL), *exchanges]) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address)
        app = WorkbenchApp("chat")
        async with app.run_test(size=size) as pilot:
            await wait_for(pilot, lambda: app.screen.query(Composer))
            await pilot.press("l")
            await wait_for(pilot, lambda: "small  12M" in seen(app))
            await pilot.press("enter")
            await wait_for(pilot, lambda: screen(pilot).panes)
            yield pilot, server


def screen(pilot: Pilot[None]) -> ChatScreen:
    shown = pilot.app.screen
    assert isinstance(shown, ChatScreen)
    return shown


def said(pane: ChatPane) -> list[str]:
    return [f"{message.role}: {message.content}" for message in pane.history]


async def answered(pilot: Pilot[None]) -> str:
    await wait_for(pilot, lambda: not screen(pilot).answering, 60)
    await pilot.pause()
    return seen(pilot.app)


async def test_an_answer_is_streamed_clean_whole_and_with_its_figures(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = ("**Hot**\n", "water\x1b", "[31m red\x1b]0;title\x07", " [b]no[/b] ", "多喝热水", "。")
    reply = chat("small", *pieces, end(tokens=42), chunk=7, pause_s=0.002)
    async with chatting(monkeypatch, [reply]) as (pilot, _):
        await pilot.press(*"hi", "enter")
        text = await answered(pilot)
        # Markdown, in which a line break is one and square brackets are nothing.
        assert re.search(r"│ Hot +│\n│ water red \[b]no\[/b] 多喝热水。", text)
        assert "\ufffd" not in text and "title" not in text
        assert "42 tokens" in text and "s to first token" in text
        assert "\x1b" not in text
        (pane,) = screen(pilot).panes
        # The model is told what it said, as it said it.
        assert said(pane) == ["user: hi", "assistant: " + "".join(pieces)]


async def test_history_system_prompt_and_sampling_reach_the_model(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chatting(monkeypatch, [chat("small", "Yes.", end())]) as (pilot, server):
        await pilot.press("ctrl+g")
        settings = screen(pilot).query_one(SettingsPane)
        settings.query_one("#system", TextArea).text = "Be brief."
        settings.query_one("#temperature", Input).value = "0"
        settings.query_one("#seed", Input).value = "7"
        composer = screen(pilot).query_one(Composer)
        for question in ("one?", "two?"):
            composer.text = question
            composer.action_send()
            await pilot.pause()
            await answered(pilot)
        first, second = server.requests
        assert first["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "one?"},
        ]
        assert [message["content"] for message in second["messages"]] == [
            "Be brief.",
            "one?",
            "Yes.",
            "two?",
        ]
        assert second["options"]["temperature"] == 0 and second["options"]["seed"] == 7
        await pilot.press("ctrl+n")
        await pilot.pause()
        assert screen(pilot).panes[0].history == []
        assert "Yes." not in seen(pilot.app)


async def test_escape_stops_the_answer_and_keeps_what_came(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = chat("small", *["word "] * 200, end(), pause_s=0.05)
    async with chatting(monkeypatch, [reply]) as (pilot, server):
        await pilot.press(*"go", "enter")
        await wait_for(pilot, lambda: "word word" in seen(pilot.app))
        await pilot.press(*"next", "enter")
        await pilot.pause()
        assert "escape stops it" in seen(pilot.app)
        assert screen(pilot).query_one(Composer).text == "next"  # given back, not lost
        await pilot.press("escape")
        text = await answered(pilot)
        assert "■ stopped" in text
        (pane,) = screen(pilot).panes
        assert said(pane)[1].startswith("assistant: word word")
        assert len(said(pane)[1].split()) < 200
        await wait_for(pilot, lambda: server.left_early)  # the server was told, too


async def test_the_end_stays_in_sight_until_one_scrolls_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(pause_s: float) -> Exchange:
        return chat("small", *[f"line {n}\n\n" for n in range(60)], end(), pause_s=pause_s)

    async with chatting(monkeypatch, [lines(0.01)], (80, 24)) as (pilot, _):
        await pilot.press(*"go", "enter")
        text = await answered(pilot)
        (pane,) = screen(pilot).panes
        assert "line 59" in text and "tok/s" in text and pane.scroll_y == pane.max_scroll_y > 0
    async with chatting(monkeypatch, [lines(0.03)], (80, 24)) as (pilot, _):
        await pilot.press(*"go", "enter")
        await wait_for(pilot, lambda: screen(pilot).panes[0].is_anchored)
        pane = screen(pilot).panes[0]
        pane.focus()
        await pilot.press("home")
        await answered(pilot)
        assert pane.scroll_y == 0 < pane.max_scroll_y
    async with chatting(monkeypatch, [chat("small", "Yes.", end())], (80, 24)) as (pilot, _):
        await pilot.press(*"go", "enter")
        text = await answered(pilot)
        assert text.splitlines()[2].startswith("│") and "go" in text.splitlines()[2]  # at the top


async def test_an_error_inside_the_stream_stands_under_the_answer_and_is_not_remembered(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = chat("small", {"error": "model runner has \x1b[31mcrashed"})
    async with chatting(monkeypatch, [reply]) as (pilot, _):
        await pilot.press(*"hi", "enter")
        text = await answered(pilot)
        assert "✗ Ollama at" in text and "model runner has crashed" in text
        assert screen(pilot).panes[0].history == []


async def test_without_a_server_a_sentence_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    app = WorkbenchApp("chat")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: app.screen.query(Composer))
        await pilot.press("l")
        await wait_for(pilot, lambda: "no Ollama server answers at 127.0.0.1:9" in seen(app))
        assert "ollama serve" in seen(app)


async def test_the_field_grows_sends_with_enter_and_gives_back_what_cannot_be_sent(home: Path) -> None:
    app = WorkbenchApp("chat")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: app.screen.query(Composer))
        composer = app.screen.query_one(Composer)
        height = composer.size.height
        await pilot.press("enter", *"one", "ctrl+j", *"two", "shift+enter", *"three")
        assert composer.text == "one\ntwo\nthree"
        assert composer.size.height == height + 2
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Choose a model first" in seen(app))
        assert composer.text == "one\ntwo\nthree"
        await pilot.press("escape", "1")  # out of the field, digits are keys
        await wait_for(pilot, lambda: app.current_mode == "data")


async def test_a_setting_out_of_range_is_said_and_nothing_is_sent(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chatting(monkeypatch, [chat("small", "Yes.", end())], (120, 36)) as (pilot, server):
        await pilot.press("ctrl+g")
        screen(pilot).query_one("#top_p", Input).value = "3"
        await wait_for(pilot, lambda: "top_p is 3.0" in seen(pilot.app))
        screen(pilot).query_one("#seed", Input).value = "x"
        await wait_for(pilot, lambda: "seed is 'x'" in seen(pilot.app))
        composer = screen(pilot).query_one(Composer)
        composer.text = "hi"
        composer.action_send()
        await wait_for(pilot, lambda: "Mend the settings first" in seen(pilot.app))
        assert composer.text == "hi" and not server.requests


async def test_a_model_that_is_not_there_is_a_sentence_in_place_of_the_chat(home: Path) -> None:
    app = WorkbenchApp("chat", model="nowhere-at-all")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "could not be loaded" in seen(app), 60)
        assert "no folder, run or model is called 'nowhere-at-all'" in seen(app)


@pytest.fixture
def tuned(tiny_model: Path, home: Path) -> str:
    run = home / "runs" / "tuned-01"
    run.mkdir(parents=True)
    save_tiny_adapter(tiny_model, run / "adapter")
    return "tuned-01"


async def test_base_and_fine_tuned_answer_the_same_question_in_turn(tuned: str) -> None:
    app = WorkbenchApp("chat", model=tuned)
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_for(pilot, lambda: "Loading tuned-01" in seen(app))
        await wait_for(pilot, lambda: len(screen(pilot).panes) == 2, 120)
        base, fine = screen(pilot).panes
        for words in ("tiny · base", "tuned-01 · fine-tuned", "temperature 0.7  ·  at most 512 tokens"):
            await wait_for(pilot, lambda words=words: words in seen(app))
        settings = screen(pilot).query_one(SettingsPane)
        for name, value in (("temperature", "0"), ("max_new_tokens", "6"), ("repetition_penalty", "2")):
            settings.query_one(f"#{name}", Input).value = value
        composer = screen(pilot).query_one(Composer)
        composer.text = "你好"
        composer.action_send()
        await wait_for(pilot, lambda: screen(pilot).answering)
        text = await answered(pilot)
        assert text.count("·  6 tokens") == 2
        assert said(base)[0] == said(fine)[0] == "user: 你好"
        assert said(base)[1] != said(fine)[1]
        assert [widget.source for widget in screen(pilot).query(AnswerText)]

        # One of them alone is asked alone, and each remembers only its own.
        screen(pilot).action_turn_view()
        assert base.display and not fine.display
        composer.text = "again"
        composer.action_send()
        await wait_for(pilot, lambda: screen(pilot).answering)
        await answered(pilot)
        assert (len(base.history), len(fine.history)) == (4, 2)


async def test_a_load_that_was_given_up_is_not_shown_when_it_is_through(tuned: str) -> None:
    app = WorkbenchApp("chat", model=tuned)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "Loading tuned-01" in seen(app))
        screen(pilot).action_stop()
        await wait_for(pilot, lambda: "No model to talk to yet" in seen(app))
        await wait_for(pilot, lambda: all(thread.name != "loading" for thread in threading.enumerate()), 60)
        await pilot.pause()
        assert not screen(pilot).panes

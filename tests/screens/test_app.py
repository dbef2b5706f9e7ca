"""The shell around the five screens: modes, help, what is offered, what is remembered, the status line.

The pictures in `snapshots/` are written anew with UPDATE_SNAPSHOTS=1 in the environment.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_runs import finished_run
from seeing import seen
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Input, TextArea
from waiting import wait_for

import screens.app
from screens import messages
from screens.app import WorkbenchApp
from screens.remembered import recall
from screens.theme import ASCII, DARK, LIGHT
from screens.widgets.dialogs import Question
from screens.widgets.help import HelpDialog
from screens.widgets.room import Room
from screens.widgets.status_line import MODES
from workbench.gpu.machine import Gpu, Host, Machine
from workbench.runs.directory import create_run
from workbench.runs.writer import RunWriter

SNAPSHOTS = Path(__file__).with_name("snapshots")
READY = {
    "data": "No data file is open",
    "train": "model_name_or_path",
    "monitor": "The curves of a run stand here.",
    "quantize": "new comparison",
    "chat": "No model to talk to yet.",
}
"""What stands on each screen when it has nothing to show."""


class Still(WorkbenchApp):
    """The app without what differs from computer to computer."""

    CSS_PATH = Path(screens.app.__file__).with_name("app.tcss")

    def on_machine_seen(self, message: messages.MachineSeen) -> None:
        message.prevent_default()


def mode_of(pilot: Pilot[None]) -> str:
    room = pilot.app.screen_stack[0]
    assert isinstance(room, Room)
    return room.MODE


async def shown(pilot: Pilot[None], mode: str) -> None:
    await wait_for(pilot, lambda: mode_of(pilot) == mode and READY[mode] in seen(pilot.app))


async def test_digits_switch_between_the_screens_and_each_shows_its_own(home: Path) -> None:
    """After all of them were shown: no screen's style sheet may touch another's."""
    app = WorkbenchApp("monitor")
    async with app.run_test(size=(120, 36)) as pilot:
        for _ in range(2):
            for key, mode in enumerate(MODES, 1):
                await pilot.press(str(key))
                await shown(pilot, mode)
                # Data has nothing to put the focus on before a file is open.
                assert app.screen.focused is not None or mode == "data"


async def test_q_says_how_to_quit_and_is_typed_where_one_types(home: Path) -> None:
    async with WorkbenchApp().run_test(size=(100, 30), notifications=True) as pilot:
        await pilot.press("q")
        await wait_for(pilot, lambda: "Press ctrl+q to quit" in seen(pilot.app))
        await pilot.press("5")
        await shown(pilot, "chat")
        pilot.app.clear_notifications()
        field = pilot.app.screen.query_one(TextArea)
        field.focus()
        await pilot.press("q")
        assert field.text == "q" and not pilot.app._notifications


async def test_digits_are_typed_where_one_types_and_dialogs_keep_them(home: Path) -> None:
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: READY["quantize"] in seen(app))
        count = app.screen.query_one("#count", Input)
        count.focus()
        await pilot.press("5")
        assert (count.value, mode_of(pilot)) == ("5", "quantize")
        await pilot.press("escape", "question_mark", "1")
        assert isinstance(app.screen, HelpDialog) and mode_of(pilot) == "quantize"
        await pilot.press("escape", "1")
        await wait_for(pilot, lambda: mode_of(pilot) == "data")


@pytest.mark.parametrize("mode", MODES)
async def test_help_tells_what_the_screen_is_for_and_its_keys(home: Path, mode: str) -> None:
    app = WorkbenchApp(mode)
    async with app.run_test(size=(120, 50)) as pilot:
        await wait_for(pilot, lambda: READY[mode] in seen(app))
        room = app.screen
        assert isinstance(room, Room)
        await pilot.press("escape", "question_mark")
        await wait_for(pilot, lambda: isinstance(app.screen, HelpDialog) and "Help" in seen(app))
        keys = {active.binding.description for active in room.active_bindings.values() if active.enabled}
        text = " ".join(app.screen._about.split()) + "\n" + str(app.screen._key_list())
        assert " ".join(room.HELP.split()) in text
        assert keys and all(name in text for name in ("Next pane", "Quit", "Data", "Chat"))
        await pilot.press("question_mark")
        await wait_for(pilot, lambda: app.screen is room)


async def test_tab_never_ends_in_a_place_that_cannot_be_seen(home: Path) -> None:
    for mode in MODES:
        app = WorkbenchApp(mode)
        async with app.run_test(size=(80, 24)) as pilot:
            await shown(pilot, mode)
            visited = set()
            for _ in range(12):
                await pilot.press("tab")
                focused = app.screen.focused
                assert focused is None or focused.region.area or focused.is_on_screen, (mode, focused)
                visited.add(focused)
            # With nothing to show, Data and a narrow Monitor have nothing to put the focus on.
            assert visited - {None} or mode in ("data", "monitor")


async def test_the_chat_is_offered_when_the_followed_run_is_done(home: Path) -> None:
    asked: list[str] = []

    def hook(message: object) -> None:
        if isinstance(message, messages.ChatWith):
            asked.append(message.model)

    finished_run("older")
    run = create_run("lesson")
    app = WorkbenchApp("monitor", run_id=run.id, offer_chat=True)
    async with app.run_test(size=(120, 36), message_hook=hook) as pilot:
        with RunWriter(run, "train") as writer:
            writer.event("start", job="train", model="tiny", dataset="rows", method="lora", max_steps=2)
            await wait_for(pilot, lambda: any(seen_.id == run.id for seen_ in app.runs))
            assert not isinstance(app.screen, Question)
        app.look_at_runs()
        await wait_for(pilot, lambda: isinstance(app.screen, Question) and "lesson-01" in seen(app))
        await pilot.press("n")
        await wait_for(pilot, lambda: not isinstance(app.screen, Question))
        # Offered once.
        app.post_message(messages.RunsSeen(app.runs))
        await pilot.pause(0.1)
        assert not isinstance(app.screen, Question) and not asked


async def test_the_theme_is_remembered(home: Path) -> None:
    app = WorkbenchApp()
    async with app.run_test() as pilot:
        assert app.theme == DARK.name
        assert app.screen.styles.background == Color.parse(DARK.background or "")
        assert app.theme_variables["primary"].lower() == DARK.primary
        app.theme = ASCII.name
        await pilot.pause()
        assert app.has_class("-ascii")
    assert recall("theme") == ASCII.name
    again = WorkbenchApp()
    async with again.run_test() as pilot:
        assert again.theme == ASCII.name
        await wait_for(pilot, lambda: "+-" in seen(again) and "╭" not in seen(again))
        again.theme = LIGHT.name
        await pilot.press("3")
        await wait_for(pilot, lambda: mode_of(pilot) == "monitor")
        assert not again.has_class("-ascii")
        # A screen first shown under another theme than the app began with has that theme's colours.
        assert again.screen.styles.background == Color.parse(LIGHT.background or "")
    light = WorkbenchApp("chat")
    async with light.run_test():
        assert light.screen.styles.background == Color.parse(LIGHT.background or "")
        assert light.theme_variables["primary"].lower() == LIGHT.primary


async def test_what_the_status_line_tells_can_be_read(home: Path) -> None:
    finished_run("alpaca")
    app = WorkbenchApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "alpaca-01" in seen(app))
        await pilot.pause(0.2)
        line = app.screen._compositor.render_strips()[0]
        styles = [segment.style for segment in line if "alpaca-01" in segment.text]
        assert styles and all(style and style.color != style.bgcolor for style in styles)


async def test_the_status_line_tells_mode_run_and_machine_as_far_as_they_fit(home: Path) -> None:
    finished_run("alpaca")
    app = Still("monitor")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "✓ alpaca-01 40/40 done" in seen(app).split("\n")[0])
        host = Host("here", 7.0, 2, 3.0, 16.0, 90.0, 0.1)
        app.machine = Machine([Gpu(0, "H100", 41.0, 80.0)], None, host)
        await wait_for(pilot, lambda: "GPU0 ▮▮▮▯▯ 41/80G" in seen(app).split("\n")[0])
        assert seen(app).split("\n")[0].split()[:4] == ["1", "Data", "2", "Train"]
        # What does not fit goes, from the right; where one is stays.
        await pilot.resize_terminal(80, 24)
        await wait_for(pilot, lambda: "GPU0" not in seen(app).split("\n")[0])
        assert "✓ alpaca-01" in seen(app).split("\n")[0]
        await pilot.resize_terminal(60, 20)
        await wait_for(pilot, lambda: "alpaca" not in seen(app).split("\n")[0])
        assert "5 Chat" in seen(app).split("\n")[0]


@pytest.mark.parametrize(
    ("name", "mode", "size"),
    [
        ("data-80x24", "data", (80, 24)),
        ("monitor-120x36", "monitor", (120, 36)),
        ("quantize-80x24", "quantize", (80, 24)),
        ("chat-80x24", "chat", (80, 24)),
        ("train-120x36", "train", (120, 36)),
    ],
)
async def test_an_empty_screen_looks_as_it_did(
    home: Path, name: str, mode: str, size: tuple[int, int]
) -> None:
    app = Still(mode)
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: READY[mode] in seen(app))
        await settled(pilot)
        picture = seen(app) + "\n"
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(picture, encoding="utf-8")
    assert picture == file.read_text(encoding="utf-8"), f"{file.name}: UPDATE_SNAPSHOTS=1 takes the new one"


async def settled(pilot: Pilot[None]) -> None:
    """Until two looks some time apart see the same."""
    before = ""
    while (now := seen(pilot.app)) != before:
        before = now
        await pilot.pause(0.3)

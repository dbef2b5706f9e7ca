"""The app: five modes, what they share, and the only place that knows every screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import App
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen

from screens import messages, remembered
from screens.theme import ASCII, DARK, THEMES
from screens.widgets.status_line import MODES as MODE_NAMES
from screens.widgets.status_line import TITLES

if TYPE_CHECKING:
    from screens.chat.screen import ChatScreen
    from screens.collecting import ShortCollections
    from screens.dataset.screen import DataScreen
    from screens.monitor.screen import MonitorScreen
    from screens.quantize.screen import QuantizeScreen
    from screens.training.screen import TrainScreen
    from screens.watch import Watch
    from workbench.gpu.sample import Machine
    from workbench.runs.status import Status


def _data() -> Screen[None]:
    from screens.dataset.screen import DataScreen

    return DataScreen()


def _train() -> Screen[None]:
    from screens.training.screen import TrainScreen

    return TrainScreen()


def _monitor() -> Screen[None]:
    from screens.monitor.screen import MonitorScreen

    return MonitorScreen()


def _quantize() -> Screen[None]:
    from screens.quantize.screen import QuantizeScreen

    return QuantizeScreen()


def _chat() -> Screen[None]:
    from screens.chat.screen import ChatScreen

    return ChatScreen()


class WorkbenchApp(App[None]):
    """The workbench.

    Args:
        mode: the mode to open.
        dataset: a data file to open on Data.
        run_id: a run to follow on Monitor, or a comparison to show on Quantize.
        model: a model to chat with.
        offer_chat: when that run has ended, offer the chat with base and fine-tuned side by side.
    """

    TITLE = "workbench"
    CSS_PATH = "app.tcss"
    # Each screen is imported when it is first shown: the first paint waits for one of them only.
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        "data": _data,
        "train": _train,
        "monitor": _monitor,
        "quantize": _quantize,
        "chat": _chat,
    }
    DEFAULT_MODE = "data"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"open_mode('{mode}')", TITLES[mode], show=False)
            for number, mode in enumerate(MODE_NAMES, 1)
        ),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "help_quit", "How to quit", show=False),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]

    # repaint=False: the screens that watch these repaint what reads differently, not the whole terminal.
    runs: reactive[tuple[Status, ...]] = reactive((), init=False, repaint=False)
    machine: reactive[Machine | None] = reactive(None, init=False, repaint=False)

    def __init__(
        self,
        mode: str = "data",
        *,
        dataset: str | None = None,
        run_id: str | None = None,
        model: str | None = None,
        offer_chat: bool = False,
    ) -> None:
        # Textual opens DEFAULT_MODE by itself; no other screen is made before it is asked for.
        self.DEFAULT_MODE = mode  # type: ignore[misc]
        super().__init__()
        self._dataset = dataset
        self._run_id = run_id
        self._model = model
        self._offer_chat = offer_chat
        self._watch: Watch | None = None
        self._collections: ShortCollections | None = None
        for theme in THEMES:
            self.register_theme(theme)
        chosen = remembered.recall("theme")
        # Not through the watcher, which would have all style sheets parsed a second time.
        self.set_reactive(App.theme, chosen if chosen in self.available_themes else DARK.name)

    def on_mount(self) -> None:
        self.watch(self, "theme", self._show_theme)
        self.call_after_refresh(self._painted)

    def _show_theme(self, theme: str) -> None:
        self.set_class(theme == ASCII.name, "-ascii")
        if theme != remembered.recall("theme", DARK.name):
            remembered.remember("theme", theme)

    def _painted(self) -> None:
        """What need not be there at the first paint."""
        from screens.collecting import ShortCollections
        from screens.watch import Watch

        self._collections = ShortCollections()
        self._collections.begin()
        self._watch = Watch(self)
        self._watch.start()
        if self._dataset:
            self.post_message(messages.OpenDataset(self._dataset))
        if self._run_id:
            comparison = self.current_mode == "quantize"
            self.post_message((messages.ShowComparison if comparison else messages.ShowRun)(self._run_id))
        if self._model:
            self.post_message(messages.ChatWith(self._model))

    @property
    def fault(self) -> Exception | None:
        """What ended the app against its will."""
        return self._exception

    def _fatal_error(self) -> None:
        """Close; whoever started the app says what happened, where Textual would print a traceback."""
        self._close_messages_no_wait()

    def on_unmount(self) -> None:
        if self._watch:
            self._watch.stop()
        if self._collections:
            self._collections.end()

    def look_at_runs(self) -> None:
        """Something was just launched or stopped: do not wait for the next look."""
        if self._watch:
            self._watch.look_now()

    async def action_open_mode(self, mode: str) -> None:
        """Show one of the five screens."""
        if not isinstance(self.screen, ModalScreen):
            await self.switch_mode(mode)

    def action_help(self) -> None:
        """Show what the focused thing is and every key that works now."""
        from screens.widgets.help import HelpDialog

        if not isinstance(self.screen, ModalScreen):
            self.push_screen(HelpDialog(self.screen))

    def on_runs_seen(self, message: messages.RunsSeen) -> None:
        self.runs = message.runs
        if self._offer_chat and self._run_id:
            self._offer_chat_when_done(message.runs)

    def on_machine_seen(self, message: messages.MachineSeen) -> None:
        self.machine = message.machine

    async def on_open_dataset(self, message: messages.OpenDataset) -> None:
        await self.switch_mode("data")
        cast("DataScreen", self.screen).open_dataset(message.path)

    async def on_train_on(self, message: messages.TrainOn) -> None:
        await self.switch_mode("train")
        cast("TrainScreen", self.screen).train_on(message.dataset, message.dataset_format)

    async def on_show_run(self, message: messages.ShowRun) -> None:
        await self.switch_mode("monitor")
        cast("MonitorScreen", self.screen).show_run(message.run_id)

    async def on_show_comparison(self, message: messages.ShowComparison) -> None:
        await self.switch_mode("quantize")
        cast("QuantizeScreen", self.screen).show_comparison(message.run_id)

    async def on_compare_model(self, message: messages.CompareModel) -> None:
        await self.switch_mode("quantize")
        cast("QuantizeScreen", self.screen).compare(message.model)

    async def on_chat_with(self, message: messages.ChatWith) -> None:
        await self.switch_mode("chat")
        cast("ChatScreen", self.screen).chat_with(message.model)

    def _offer_chat_when_done(self, runs: tuple[Status, ...]) -> None:
        run = next((run for run in runs if run.id == self._run_id), None)
        if run is None or run.state != "done":
            return
        self._offer_chat = False
        from screens.widgets.dialogs import Question

        def answered(yes: bool | None) -> None:
            if yes:
                self.post_message(messages.ChatWith(run.id))

        self.push_screen(
            Question(
                "The fine-tune is done",
                f"{run.id} has learnt its sample set. Chat with it now, beside the model it started from?",
                yes="Chat",
                no="Stay here",
            ),
            answered,
        )

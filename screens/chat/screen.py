"""The Chat screen: a model that was fine-tuned beside the one it started from, or one of Ollama's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, TextArea

from screens.chat.answering import answer_in_turn
from screens.chat.composer import Composer
from screens.chat.loading import Load, LoadFailed, ModelLoaded
from screens.chat.notice import Notice
from screens.chat.pane import ChatPane
from screens.chat.settings import SettingsPane
from screens.widgets.room import Room
from workbench.figures import duration

if TYPE_CHECKING:
    from textual.timer import Timer

    from workbench.chat.local import LocalModel

# Text is shown this often: quicker costs more than the eye can follow.
SHOW_S = 0.12
VIEWS = ("both", "base", "fine-tuned")


class ChatScreen(Room):
    """One pane, or two side by side: base and fine-tuned, which are one model in memory."""

    MODE = "chat"
    CSS_PATH = "screen.tcss"
    HELP = (
        "Talk to a model: one in this process (a model folder, a finished run), or one of an Ollama "
        "server. A run that trained an adapter is shown twice, without it (base) and with it (fine-"
        "tuned): both are asked the same, and the fine-tuned one answers first, since they are one model "
        "in memory. "
        "Base/tuned shows one of them alone; only what is shown is asked. Answers are shown as Markdown, "
        "and never as escape sequences."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop"),
        Binding("enter,i", "write", "Write"),
        # The letter first: it is what the key line shows wherever letters are keys.
        Binding("m,ctrl+o", "choose_model", "Model"),
        Binding("l,ctrl+l", "choose_ollama", "Ollama"),
        Binding("t,ctrl+t", "turn_view", "Base/tuned"),
        Binding("g,ctrl+g", "settings", "Settings"),
        Binding("n,ctrl+n", "begin_anew", "Begin anew"),
        Binding("escape", "leave", "Leave"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._load: Load | None = None
        self._model: LocalModel | None = None
        self._view = "both"
        self._stop = threading.Event()
        self._clock: Timer | None = None

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="talk"):
                with Horizontal(id="panes"):
                    yield Notice()
                # The frame is its own widget: a key repaints the field alone.
                with Vertical(id="frame", classes="pane") as frame:
                    frame.border_title = "message"
                    yield Composer()
            yield SettingsPane()

    def on_mount(self) -> None:
        self._clock = self.set_interval(SHOW_S, self._show_answers, pause=True)
        self.query_one(Notice).focus()

    def on_unmount(self) -> None:
        self._stop.set()

    @property
    def panes(self) -> list[ChatPane]:
        """The conversations, shown or not."""
        return list(self.query(ChatPane))

    @property
    def answering(self) -> bool:
        """Whether an answer is being written or waits for its turn."""
        return any(pane.answering for pane in self.panes)

    # -- the model

    def chat_with(self, model: str) -> None:
        """Load a model or run into this process and talk to it."""
        if self._model is not None and self._model.ref.name == model and self._load is None:
            self.query_one(Composer).focus()
            return
        self._stop.set()
        if self._load is not None:
            self._load.give_up()
        self._load = Load(model, self, first_close=self._model)
        self._model = None
        self._set_panes([])
        self.query_one(Notice).show_load(self._load)
        self._load.start()
        self.query_one(Composer).focus()

    def on_model_loaded(self, message: ModelLoaded) -> None:
        model = message.model
        if message.load is not self._load:
            model.close()
            return
        self._load, self._model = None, model
        if model.has_adapter:
            panes = [ChatPane(model.backend(False), "base"), ChatPane(model.backend(True), "fine-tuned")]
        else:
            panes = [ChatPane(model.backend(), "")]
        self._set_panes(panes)
        panes[-1].border_subtitle = f"loaded in {duration(message.load.seconds)}"

    def on_load_failed(self, message: LoadFailed) -> None:
        if message.load is self._load:
            self._load = None
            self.query_one(Notice).show_problem(message.load.name, message.problem)
            self.query_one(Notice).focus()

    def _talk_to_ollama(self, name: str) -> None:
        from workbench.chat.ollama import OllamaBackend

        self._stop.set()
        if self._load is not None:
            self._load.give_up()
            self._load = None
        if self._model is not None:
            threading.Thread(target=self._model.close, daemon=True).start()
            self._model = None
        self._set_panes([ChatPane(OllamaBackend(name), "Ollama")])
        self.query_one(Composer).focus()

    @work(exclusive=True, group="panes")
    async def _set_panes(self, panes: list[ChatPane]) -> None:
        await self.query(ChatPane).remove()
        await self.query_one("#panes").mount_all(panes)
        self.query_one(Notice).display = not panes
        self._view = "both"
        self._show_view()

    # -- asking and answering

    async def on_composer_sent(self, message: Composer.Sent) -> None:
        shown = [pane for pane in self.panes if pane.display]
        settings = self.query_one(SettingsPane)
        refusal = self._why_not()
        if refusal:
            self.query_one(Composer).give_back(message.text)
            self._say(refusal)
            return
        self._stop = threading.Event()
        answers = [
            await pane.ask(message.text, settings.system, settings.sampling, self._stop) for pane in shown
        ]
        # The fine-tuned one first: its answer is what one waits for, and the base may ramble.
        answer_in_turn(reversed(answers))
        assert self._clock is not None
        self._clock.resume()
        self.refresh_bindings()

    def _why_not(self) -> str | None:
        """What stands in the way of sending, and what to do."""
        if self.answering:
            return "An answer is being written: escape stops it."
        if not self.panes:
            return "The model is still loading." if self._load else "Choose a model first: ctrl+o."
        problem = self.query_one(SettingsPane).problem
        return f"Mend the settings first (ctrl+g): {problem}" if problem else None

    async def _show_answers(self) -> None:
        for pane in self.panes:
            await pane.advance()
        if not self.answering and self._clock is not None:
            self._clock.pause()
            self.refresh_bindings()

    def _say(self, sentence: str) -> None:
        """Where the user looks while writing."""
        self.query_one("#frame").border_subtitle = Content.styled(sentence, "$text-warning")

    def on_settings_pane_changed(self) -> None:
        self._show_settings()

    def on_text_area_changed(self) -> None:
        self._show_settings()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_settings)

    def _show_settings(self) -> None:
        frame = self.query_one("#frame")
        summary = Content(self.query_one(SettingsPane).summary(max(frame.size.width - 6, 20)))
        # Setting it repaints the frame, even where it stays the same.
        if frame.border_subtitle != summary.markup:  # as which Textual keeps it
            frame.border_subtitle = summary

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys work now."""
        if action == "stop":
            return self.answering or self._load is not None
        if action == "turn_view":
            return len(self.panes) == 2
        if action == "begin_anew":
            return bool(self.panes)
        if action in ("write", "leave"):
            return isinstance(self.focused, Input | TextArea) == (action == "leave")
        return True

    def action_stop(self) -> None:
        """Stop the answer, or stop waiting for the model."""
        self._stop.set()
        if self._load is not None:
            self._load.give_up()
            self._load = None
            self.query_one(Notice).show_nothing()
            self.refresh_bindings()

    def action_leave(self) -> None:
        """Out of the field, so that single letters are keys again."""
        if self.has_class("-narrow"):
            self.remove_class("-settings")
        shown = [pane for pane in self.panes if pane.display]
        (shown[-1] if shown else self.query_one(Notice)).focus()

    def action_write(self) -> None:
        """Into the field."""
        self.query_one(Composer).focus()

    def action_choose_model(self) -> None:
        """Load another model."""
        from screens.widgets.model_picker import ModelPicker

        def chosen(model: str | None) -> None:
            if model:
                self.chat_with(model)

        self.app.push_screen(ModelPicker("Chat with a model or a run"), chosen)

    def action_choose_ollama(self) -> None:
        """Talk to a model of an Ollama server."""
        from screens.chat.ollama_picker import OllamaPicker

        def chosen(model: str | None) -> None:
            if model:
                self._talk_to_ollama(model)

        self.app.push_screen(OllamaPicker("Chat with a model of the Ollama server"), chosen)

    def action_turn_view(self) -> None:
        """Base and fine-tuned, base alone, fine-tuned alone."""
        self._view = VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)]
        self._show_view()

    def _show_view(self) -> None:
        panes = self.panes
        for pane in panes:
            pane.display = len(panes) == 1 or self._view in ("both", pane.what)
        self.refresh_bindings()

    def action_settings(self) -> None:
        """Show or hide the settings."""
        settings = self.query_one(SettingsPane)
        if settings.has_focus_within:
            self.remove_class("-settings")
            self.query_one(Composer).focus()
        else:
            self.add_class("-settings")
            self.call_after_refresh(settings.query_one("#system").focus)
        self.call_after_refresh(self._show_settings)

    async def action_begin_anew(self) -> None:
        """Forget what was said."""
        self._stop.set()
        for pane in self.panes:
            await pane.forget()
        self.query_one(Composer).focus()

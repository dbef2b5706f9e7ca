"""What stands in place of a conversation while there is no model to talk to."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from screens.chat.loading import Load
from workbench.figures import duration
from workbench.untrusted import printable, shorten


class Notice(Vertical, can_focus=True):
    """No model, one that is loading, or one that could not be loaded: and what to do."""

    DEFAULT_CSS = """
    Notice { align: center middle; }
    Notice Static { width: auto; max-width: 74; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__(id="notice", classes="pane")
        self.border_title = "chat"
        self._load: Load | None = None

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def on_mount(self) -> None:
        self._clock = self.set_interval(0.5, self._tick, pause=True)
        self.show_nothing()

    def show_nothing(self) -> None:
        """There is no model."""
        self._show(
            Content.assemble(
                "No model to talk to yet.\n\n",
                ("m", "bold $primary"),
                "  a model or a finished run, loaded here; a run that trained\n"
                "   an adapter answers beside the model it started from\n",
                ("l", "bold $primary"),
                "  a model of an Ollama server",
            )
        )

    def show_load(self, load: Load) -> None:
        """A model is loading; what it is at is told until something else is shown."""
        self._load = load
        self._clock.resume()
        self._tick()

    def show_problem(self, name: str, problem: str) -> None:
        """A model could not be had."""
        self._show(
            Content.assemble(
                (f"✗ {shorten(name, 60)} could not be loaded\n\n", "bold $text-error"),
                (printable(problem), "$text-error"),
                "\n\n",
                ("m", "bold $primary"),
                "  another model or run      ",
                ("l", "bold $primary"),
                "  a model of an Ollama server",
            )
        )

    def _tick(self) -> None:
        if self._load is None:
            return
        load = self._load
        self._update(
            Content.assemble(
                (f"Loading {shorten(load.name, 60)}\n\n", "bold"),
                f"{printable(load.phase)} … {_elapsed(load.seconds)}\n\n",
                ("esc", "bold $primary"),
                "  give up.  The first model of a session takes longest: torch is\n"
                "     imported too. The other screens work meanwhile.",
            )
        )

    def _show(self, words: Content) -> None:
        self._load = None
        self._clock.pause()
        self._update(words)

    def _update(self, words: Content) -> None:
        self.query_one(Static).update(words)


def _elapsed(seconds: float) -> str:
    """Whole seconds: what ticks should not change its width."""
    return f"{int(seconds)}s" if seconds < 60 else duration(seconds)

"""System prompt and sampling, beside the conversation: what is set here holds from the next message on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static, TextArea

from workbench.untrusted import shorten

if TYPE_CHECKING:
    from workbench.chat.backend import Sampling

# Name, default as text, what a special value means. The names are transformers'.
FIELDS = (
    ("temperature", "0.7", "0 greedy"),
    ("top_p", "0.9", "1 off"),
    ("top_k", "50", "0 off"),
    ("max_new_tokens", "512", ""),
    ("repetition_penalty", "1.0", "1 off"),
    ("seed", "", "empty: random"),
)
_NUMBERS = ("temperature", "top_p", "repetition_penalty")


class SettingsPane(VerticalScroll):
    """What is sent along with every message."""

    HELP = (
        "The system prompt goes before the conversation; empty, the model's chat template decides (some "
        "put one of their own). temperature 0 takes the likeliest token always; top_k and top_p leave "
        "only the likeliest tokens in; repetition_penalty above 1 makes what was said already less "
        "likely; with a seed the same question gets the same answer. What is set holds from the next "
        "message on, for every pane."
    )
    can_focus = False
    DEFAULT_CSS = """
    SettingsPane { width: 48; }
    SettingsPane TextArea { height: auto; min-height: 3; max-height: 10; margin-bottom: 1; }
    SettingsPane Horizontal { height: 1; }
    SettingsPane Label { width: 19; color: $text-muted; }
    SettingsPane .range { width: 1fr; padding-left: 1; color: $text-disabled; }
    SettingsPane #problem { height: auto; margin-top: 1; }
    """
    BORDER_TITLE = "settings"

    class Changed(Message):
        """Something was set."""

    def __init__(self) -> None:
        super().__init__(id="settings", classes="pane")
        self._sampling: Sampling | None = None
        self._problem: str | None = None

    def compose(self) -> ComposeResult:
        yield Label("system prompt")
        yield TextArea(
            id="system",
            compact=True,
            highlight_cursor_line=False,
            placeholder="Empty: the chat template's own, if it has one",
        )
        for name, default, range_ in FIELDS:
            with Horizontal():
                yield Label(name)
                yield Input(default, id=name, compact=True)
                yield Static(range_, classes="range", markup=False)
        yield Static(id="problem", classes="problem", markup=False)

    @property
    def system(self) -> str:
        """The system prompt; empty if there is none."""
        return self.query_one("#system", TextArea).text.strip()

    @property
    def problem(self) -> str | None:
        """What is wrong with a value, as a sentence."""
        self._read()
        return self._problem

    @property
    def sampling(self) -> Sampling:
        """What is set. Values that will not do leave it as it was; `problem` says so."""
        return self._read()

    def summary(self, width: int) -> str:
        """What is set, in one line."""
        sampling = self.sampling
        temperature = sampling.temperature
        words = f"temperature {temperature:g}" if temperature else "greedy"
        words += f"  ·  at most {sampling.max_new_tokens} tokens"
        if sampling.seed is not None and sampling.temperature:
            words += f"  ·  seed {sampling.seed}"
        if self.system:
            words += f"  ·  system: {self.system}"
        return shorten(words, width)

    def _read(self) -> Sampling:
        from workbench.chat.backend import Sampling
        from workbench.errors import WorkbenchError

        values: dict[str, float | int | None] = {}
        self._problem = None
        for name, _, _ in FIELDS:
            text = self.query_one(f"#{name}", Input).value.strip()
            try:
                if name == "seed" and not text:
                    values[name] = None
                else:
                    values[name] = float(text) if name in _NUMBERS else int(text)
            except ValueError:
                kind = "a number" if name in _NUMBERS else "a whole number"
                self._problem = f"{name} is {text!r}, and must be {kind}."
        if self._problem is None:
            try:
                self._sampling = Sampling(**values)  # type: ignore[arg-type]
            except WorkbenchError as error:
                self._problem = str(error)
        return self._sampling or Sampling()

    def on_mount(self) -> None:
        self.query_one("#system", TextArea).cursor_blink = False
        for field in self.query(Input):
            field.cursor_blink = False
        self._changed()

    def on_input_changed(self) -> None:
        self._changed()

    def on_text_area_changed(self) -> None:
        self._changed()

    def _changed(self) -> None:
        self._read()
        self.query_one("#problem", Static).update(Content(self._problem or ""))
        self.post_message(self.Changed())

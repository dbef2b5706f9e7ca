"""A conversation as the text that a chat template makes of it, and where each turn stands in it.

The template is a program: it may trim a turn, put a system message before the first one, or drop the
thoughts of earlier turns. So nothing is assumed about it. It renders the conversation a second time with
marks around each content, which shows where the contents are; and it renders the part before each answer
with its own generation prompt, which shows where the model begins to write. What does not agree with the
text that is trained is not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.data.conversation import MODEL_ROLES, Conversation
from workbench.data.tokens.marks import Places, Unmarked, markers
from workbench.data.tokens.template import for_template, tool_list
from workbench.data.tokens.transparent import Skeletons

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TEMPLATE = "template"


class TemplateRefusal(Exception):
    """The chat template does not take this conversation; `args[0]` says why."""


@dataclass(frozen=True, slots=True)
class Region:
    """Characters `start` to `end` of the rendered text that belong to a message of the conversation.

    For an answer this is what the model has to write itself, from behind the generation prompt to the end
    of what the template puts behind the content; `content_end` is where the content ends, if that is known,
    and `whole` says that all the template would put behind it stands here. An answer may be there to be
    read only; then it is not `trained`.
    """

    start: int
    end: int
    role: str
    message: int
    answer: bool = False
    content_end: int | None = None
    whole: bool = True
    trained: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """The whole text, and the regions that were found in it, in order and apart from each other.

    `lost` are the messages, in order, that ought to be trained and were not found for certain.
    """

    text: str
    regions: tuple[Region, ...]
    lost: tuple[int, ...] = ()


class Renderer:
    """Renders conversations under a tokenizer's chat template."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._skeletons: dict[str, Skeletons] = {}

    def render(self, conversation: Conversation) -> Rendered:
        """The whole text, and where the turns are.

        Raises:
            TemplateRefusal: the template raises an error for it.
        """
        return _Rendering(conversation, self._tokenizer, self._skeletons).rendered()


class _Rendering:
    def __init__(
        self,
        conversation: Conversation,
        tokenizer: PreTrainedTokenizerBase,
        skeletons: dict[str, Skeletons],
    ) -> None:
        self._tokenizer = tokenizer
        self._conversation = conversation
        tools = tool_list(conversation.tools)
        try:
            template = tokenizer.get_chat_template(tools=tools)
        except ValueError as error:
            raise TemplateRefusal(str(error)) from error
        self._tools = tools if tools and "tools" in template else None
        self._skeletons = skeletons.get(template) or skeletons.setdefault(template, Skeletons(template))
        self._messages = [for_template(message, template) for message in conversation.messages]
        # The conversation's index of each message that the template is given.
        self._origin = list(range(len(self._messages)))
        if conversation.tools and self._tools is None:
            self._tell_tools(conversation.tools)
        self._text = self._render(self._messages)
        self._marker: Unmarked = Unmarked()
        self._places = Places()
        for marker in markers(self._messages):
            marked = self._read(marker, self._messages)
            # A template may look at how a content begins; marks that change its text are no use.
            if marked and marked[0] == self._text:
                self._marker, self._places = marker, marked[1]
                break

    def rendered(self) -> Rendered:
        regions: list[Region] = []
        lost: list[int] = []
        reached = 0
        for index, origin in enumerate(self._origin):
            if origin < 0:
                continue
            region = self._region(index, origin)
            if region and reached <= region.start <= region.end:
                regions.append(region)
                reached = region.end
                continue
            message = self._conversation.messages[origin]
            if message.role in MODEL_ROLES and message.trained:
                lost.append(origin)
        return Rendered(self._text, tuple(regions), tuple(lost))

    def _region(self, index: int, origin: int) -> Region | None:
        """The place of the message in the text; None where it is not certain."""
        message = self._conversation.messages[origin]
        role = message.role
        begin, known_end = self._places.begins.get(index), self._places.ends.get(index)
        if role not in MODEL_ROLES:
            if begin is None or known_end is None:
                return None
            return Region(begin, known_end, role, origin)
        start = self._answer_start(index)
        if start is None or (known_end is not None and known_end < start):
            return None
        end, whole = self._answer_end(index, start)
        if end is None:
            return None
        content_end = None if self._calls(index) else known_end
        return Region(start, end, role, origin, True, content_end, whole, message.trained)

    def _answer_start(self, index: int) -> int | None:
        start = self._behind_prompt(index)
        return self._plain_start(index) if start is None else start

    def _plain_start(self, index: int) -> int | None:
        """Where a plain content would begin in place of the answer, if all before that reads as it does now.

        The generation prompt may open a thought while the template drops the thoughts that the answer has.
        """
        if self._calls(index):
            return None
        messages = [*self._messages]
        messages[index] = {**messages[index], "content": "x"}
        for marker in markers(messages):
            found = self._read(marker, messages)
            begin = found[1].begins.get(index) if found else None
            if found and begin is not None and self._text.startswith(found[0][:begin]):
                return begin
        return None

    def _behind_prompt(self, index: int) -> int | None:
        """Behind the generation prompt, which is where the model takes over."""
        begin = self._places.begins.get(index)
        prompt = self._read(self._marker, self._messages[:index], ask=True) if index else None
        if prompt is None:
            return begin
        text, places = prompt
        if self._text.startswith(text):
            start = len(text)
        else:
            # An earlier turn reads differently now; what stands between it and the answer may not.
            before, now = places.ends.get(index - 1), self._places.ends.get(index - 1)
            if before is None or now is None or not self._text.startswith(text[before:], now):
                return begin
            start = now + len(text) - before
        if begin is not None and self._text[start:begin].strip():
            # Without a generation prompt the template's heading of the turn would count as the answer.
            silent = self._read(self._marker, self._messages[:index])
            if silent and silent[0] == text:
                return begin
        return start

    def _answer_end(self, index: int, start: int) -> tuple[int | None, bool]:
        """Behind what the template writes after the answer as the last turn, and if all of it is here."""
        known_end = self._places.ends.get(index)
        # Behind the name of a call there is more of the call.
        surely = None if self._calls(index) else known_end
        last = index + 1 == len(self._messages)
        alone = (self._text, self._places) if last else self._read(self._marker, self._messages[: index + 1])
        if alone is None:
            return surely, False
        text, places = alone
        if known_end is not None and (before := places.ends.get(index)) is not None:
            tail = text[before:]
            same = 0
            while same < len(tail) and self._text.startswith(tail[: same + 1], known_end):
                same += 1
            return known_end + same, same == len(tail)
        if self._text.startswith(text):
            return len(text), True
        prompt = self._read(self._marker, self._messages[:index], ask=True) if index else None
        if prompt and text.startswith(prompt[0]) and self._text.startswith(text[len(prompt[0]) :], start):
            return start + len(text) - len(prompt[0]), True
        return surely, False

    def _calls(self, index: int) -> bool:
        return "tool_calls" in self._messages[index]

    def _read(
        self, marker: Unmarked, messages: list[dict[str, Any]], *, ask: bool = False
    ) -> tuple[str, Places] | None:
        """The text of these messages without marks, and where the marks were; None if the template errs."""
        try:
            return marker.read(self._render(marker.put(messages), ask=ask))
        except TemplateRefusal:
            return None

    def _render(self, messages: list[dict[str, Any]], *, ask: bool = False) -> str:
        known = None
        if self._tools is None:
            known = self._skeletons.text(messages, ask, partial(self._by_template, ask=ask))
        return self._by_template(messages, ask=ask) if known is None else known

    def _by_template(self, messages: list[dict[str, Any]], *, ask: bool) -> str:
        try:
            text = self._tokenizer.apply_chat_template(
                messages,
                tools=self._tools,  # type: ignore[arg-type] # a list of functions would do as well
                tokenize=False,
                add_generation_prompt=ask,
            )
        except Exception as error:
            # The template is a program of the model's author, and can fail in any way.
            raise TemplateRefusal(str(error).strip().split("\n")[0] or type(error).__name__) from error
        return str(text)

    def _tell_tools(self, tools: str) -> None:
        """A template that knows no tools would leave them out; the system message names them instead."""
        said = f"Tools:\n{tools}"
        if self._messages and self._messages[0]["role"] == "system":
            self._messages[0]["content"] += f"\n\n{said}"
        else:
            self._messages.insert(0, {"role": "system", "content": said})
            self._origin.insert(0, -1)

"""What the demo shows at its end: the losses, and the same questions before and after."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.demo.sample_set import Language, has_two_lines, held_out_questions
from workbench.figures import duration, significant
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.runs.directory import RunDirectory

ANSWER_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Answers:
    """A held-out question with the base model's answer, the fine-tuned one's, and whether each has the
    form that was taught."""

    question: str
    language: Language
    before: str
    after: str
    in_form_before: bool
    in_form_after: bool


@dataclass(frozen=True, slots=True)
class DemoReport:
    """The key figures of a demo run: losses are means over trained tokens, in nats a token."""

    id: str
    loss_first: float | None
    loss_last: float | None
    eval_loss_before: float | None
    eval_loss_after: float | None
    seconds: float | None
    peak_memory_gib: float | None
    answers: list[Answers]

    @property
    def eval_loss_change(self) -> float | None:
        """The share by which the held-out loss changed: -0.4 is 40 % less."""
        if not self.eval_loss_before or self.eval_loss_after is None:
            return None
        return self.eval_loss_after / self.eval_loss_before - 1

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "eval_loss_change": self.eval_loss_change}

    def as_text(self) -> str:
        """For a terminal; the models' words are made safe to show."""
        figures = [
            ("run", self.id),
            ("training loss", f"{significant(self.loss_first)} -> {significant(self.loss_last)}"),
            ("held-out loss", f"{significant(self.eval_loss_before)} -> {significant(self.eval_loss_after)}"),
            ("time", duration(self.seconds)),
            ("peak memory", f"{significant(self.peak_memory_gib)} GiB"),
        ]
        if (change := self.eval_loss_change) is not None:
            figures[2] = (figures[2][0], f"{figures[2][1]}  ({change:+.0%})")
        lines = [f"{name:<15}{value}" for name, value in figures]
        for answers in self.answers:
            lines += ["", f"Question (held out)  {printable(answers.question)}"]
            lines += _block("before", answers.before) + _block("after", answers.after)
        lines += [
            "",
            "The form of the answers is what was taught: a model this small, trained on English, knows",
            "little of what is right, and hardly any Chinese.",
            f"Go on talking to it: workbench chat --model {self.id}",
        ]
        return "\n".join(lines)


def build_report(run: RunDirectory, tell: Callable[[str], None] | None = None) -> DemoReport:
    """The report of a demo run that has ended. Loads the model to let it answer: some seconds.

    Raises:
        WorkbenchError: the run saved no adapter, or its model cannot be loaded.
    """
    from workbench.runs.status import read_status

    answers = _answers(run, tell or (lambda _: None))
    status = read_status(run)
    timed = status.started is not None and status.ended is not None
    return DemoReport(
        id=run.id,
        loss_first=status.loss_first,
        loss_last=status.loss_last,
        eval_loss_before=status.eval_loss_before,
        eval_loss_after=status.eval_loss_after,
        seconds=status.ended - status.started if timed else None,  # type: ignore[operator]
        peak_memory_gib=status.peak_memory_gib,
        answers=answers,
    )


def _answers(run: RunDirectory, tell: Callable[[str], None]) -> list[Answers]:
    from workbench.chat.backend import Sampling
    from workbench.chat.local import LocalModel
    from workbench.data.conversation import Message

    model = LocalModel.load(run.id, tell)
    greedy = Sampling(temperature=0, max_new_tokens=ANSWER_TOKENS)

    def answer(question: str, *, adapter: bool) -> str:
        pieces = model.backend(adapter).stream([Message("user", question)], greedy, threading.Event())
        return "".join(pieces).strip()

    found = []
    tell("asking two held-out questions, before and after")
    for language, questions in held_out_questions().items():
        question = questions[0][0]
        before, after = answer(question, adapter=False), answer(question, adapter=True)
        forms = has_two_lines(before, language), has_two_lines(after, language)
        found.append(Answers(question, language, before, after, *forms))
    model.close()
    return found


def _block(title: str, text: str) -> list[str]:
    """An answer under a title in the margin, its lines one below the other."""
    lines = [line for line in printable(text).splitlines() if line.strip()] or ["(nothing)"]
    if not lines[-1].endswith((".", "!", "?", "。", "！", "？", ")", '"', "”")):
        lines[-1] += " …"  # the base model goes on; ANSWER_TOKENS are enough to see how it answers
    return [f"  {title if number == 0 else '':<7} {line}" for number, line in enumerate(lines)]

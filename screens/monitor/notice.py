"""What must be said about the chosen run, and what to do about it; above its curves, where one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from screens.monitor.acting import Account, Told
from screens.monitor.portrait import Portrait, step_of
from screens.monitor.summary import elapsed, loss_is_nan
from workbench.figures import count, duration
from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    from workbench.runs.status import Status

_LONGEST = 600


class Notice(Static):
    """Hidden while there is nothing to say. Keeps what stop and resume told, run by run."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._accounts: dict[str, Account] = {}
        self._shown = ""

    def account(self, run_id: str) -> Account:
        """What was done to this run."""
        return self._accounts.setdefault(run_id, Account())

    def take(self, message: Told) -> None:
        """Keep what was told."""
        self.account(message.run_id).take(message)

    def show(self, status: Status | None, portrait: Portrait, width: int) -> None:
        """Say what there is to say about this run, in lines of `width` cells."""
        account = self.account(status.id) if status else Account()
        text = notice(status, portrait, account.told, account.trouble, width)
        if text.markup != self._shown:
            self._shown = text.markup
            self.display = bool(text)
            self.update(text)


def notice(status: Status | None, portrait: Portrait, told: list[str], trouble: str, width: int) -> Content:
    """What to say above the curves; empty where there is nothing.

    Args:
        told: what stop or resume did so far, step by step.
        trouble: why stop or resume did not work.
        width: cells on a line; a warning is cut there, since the log has it whole.
    """
    if status is None:
        return Content("")
    lines: list[Content] = []
    if trouble:
        lines.append(Content.styled(_text(trouble), "$error"))
    if status.state not in ("failed", "crashed"):
        lines += [Content.styled(f"· {_text(line)}", "$warning") for line in told]
    if status.state in ("failed", "crashed"):
        lines.append(Content.assemble((_WHY[status.state], "bold $error"), (_text(status.reason), "$error")))
        lines.append(_next_steps(status, portrait))
    elif status.state == "stopped":
        reason = _text(status.reason or "stopped on request")
        if not told:  # the last thing told is the reason
            lines.append(Content.styled(f"{reason[:1].upper()}{reason[1:]}", "$warning"))
        lines.append(_next_steps(status, portrait))
    elif status.reason:
        lines.append(Content.styled(_text(status.reason), "$warning"))
    if status.live and loss_is_nan(portrait):
        lines.append(
            Content.styled("The loss is no number any more: stop it (x), lower learning_rate.", "$error")
        )
    if portrait.warnings:
        lines.append(_last_warning(portrait, width))
    return Content("\n").join(lines)


def placeholder(status: Status | None, portrait: Portrait) -> Content:
    """What stands in the plot while there is no curve."""
    if status is None and portrait.run_id:
        gone = f"\nThere is no run {_text(portrait.run_id)} here.\n\nChoose one from the list."
        return Content.styled(gone, "$text-muted")
    if status is None:
        none = "\nThe curves of a run stand here.\n\nThere is none yet: start one on Train (2)."
        return Content.styled(none, "$text-muted")
    if not portrait.whole and portrait.run_id == status.id:
        return Content.styled(f"\nreading events: {count(portrait.version)} so far", "$text-muted")
    if portrait.methods or status.job == "compare":
        return _comparison(status, portrait)
    if status.live:
        phase = status.phase or "starting"
        return Content.assemble(
            "\n",
            (_text(phase), "bold"),
            (f"   {duration(elapsed(status))} since the start", "$text-muted"),
            ("\n\nThe curve begins with the first step. x stops the run.", "$text-muted"),
        )
    return Content.styled(
        "\nIt ended before its first step: there is no curve. l shows its log.", "$text-muted"
    )


_WHY = {"failed": "It failed: ", "crashed": "It crashed: "}


def _next_steps(status: Status, portrait: Portrait) -> Content:
    words = []
    if portrait.checkpoint is not None:
        words.append(f"r resumes it from step {count(portrait.checkpoint)}")
    elif status.state != "stopped":
        words.append("no checkpoint to resume from: mend the cause and start again on Train (2)")
    words += ["l shows its log", "y its recipe"]
    return Content.styled(f"{'; '.join(words)}.", "$text-muted")


def _last_warning(portrait: Portrait, width: int) -> Content:
    last = portrait.warnings[-1]
    more = f" (the last of {len(portrait.warnings)})" if len(portrait.warnings) > 1 else ""
    step = step_of(last)
    where = f"step {count(step)}: " if step else ""
    room = max(width - len(where) - len(more) - 2, 10)
    message = shorten(str(last.get("message") or ""), room)
    return Content.assemble((f"! {where}", "$warning"), message, (more, "$text-muted"))


def _comparison(status: Status, portrait: Portrait) -> Content:
    lines = [
        Content.styled("\nA comparison of quantizations. Enter opens it on Quantize (4).\n", "$text-muted")
    ]
    lines += [Content(f"measured: {_text(str(event['method']))}") for event in portrait.methods]
    if status.live:
        lines.append(Content.styled(f"now: {_text(status.phase)}", "$primary"))
    return Content("\n").join(lines)


def _text(text: str) -> str:
    return printable(text[:_LONGEST] + ("…" if len(text) > _LONGEST else ""), keep_newlines=False)

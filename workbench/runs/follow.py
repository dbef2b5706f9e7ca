"""A run's progress as lines of text, for those who follow it without the app."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from workbench.figures import count, duration, significant
from workbench.runs.directory import RunDirectory
from workbench.runs.events import Event, EventTail
from workbench.runs.status import Status, read_status

_LOOK_S = 0.5
_STEP_LINES_S = 10.0
_DIGITS = re.compile(r"\d+")


def follow(run: RunDirectory, say: Callable[[str], None]) -> Status:
    """Tell what happens in `run` until it has ended; how it ended is returned.

    Phases, evaluations, checkpoints and warnings are told as they come, steps every ten seconds. Only
    what happens from the latest launch on is told.
    """
    tail = EventTail(run.events_file)
    phase, last_step_line = "", 0.0
    while True:
        # The status is read first: when it says "ended", the events of that end are there to be read.
        status = read_status(run)
        # "12 of 24 rows" is the same phase as "14 of 24 rows".
        if (now := _DIGITS.sub("", status.phase)) != phase:
            phase = now
            if status.phase:
                say(f"{status.phase} …")
        newest_step: Event | None = None
        for event in tail.read():
            if event["seq"] < status.first_seq:
                continue
            if event["kind"] == "step":
                newest_step = event
            elif line := _line(event):
                say(line)
        if newest_step and (time.monotonic() - last_step_line > _STEP_LINES_S or not status.live):
            last_step_line = time.monotonic()
            say(_step_line(newest_step, status))
        if not status.live:
            return status
        time.sleep(_LOOK_S)


def _step_line(event: Event, status: Status) -> str:
    steps = f"{event.get('step')}/{status.max_steps}" if status.max_steps else str(event.get("step"))
    words = [f"step {steps}", f"loss {significant(event.get('loss'))}"]
    if event.get("tokens_per_s"):
        words.append(f"{significant(event['tokens_per_s'])} tokens/s")
    if event.get("eta_s"):
        words.append(f"{duration(event['eta_s'])} left")
    return "  ".join(words)


def _line(event: Event) -> str | None:
    match event["kind"]:
        case "start" if event.get("job") == "train":
            return (
                f"{count(event.get('rows_train') or 0)} rows to train on, "
                f"{count(event.get('rows_held_out') or 0)} held out; "
                f"{count(event.get('trainable_parameters') or 0)} of "
                f"{count(event.get('total_parameters') or 0)} weights are trained, in {event.get('dtype')}"
            )
        case "eval" if "eval_loss" in event:
            when = f"at step {event['step']}" if event.get("step") else "before training"
            return f"held-out loss {when}: {significant(event['eval_loss'])}"
        case "eval":
            return f"{event.get('method')} is measured"
        case "checkpoint":
            return f"checkpoint at step {event.get('step')}"
        case "warning":
            return f"warning: {event.get('message')}"
        case "end":
            return f"{event.get('state')} after {duration(event.get('seconds'))}"
    return None

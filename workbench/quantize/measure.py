"""One method, measured from loading to the last held-out row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from workbench.data.tokens.characters import UNFINISHED
from workbench.figures import MIB, count
from workbench.models.find import ModelRef
from workbench.models.generation import generate, greedy, stop_ids
from workbench.models.load import load_model
from workbench.quantize.baseline import BaselineFile
from workbench.quantize.measure_quality import Quality, score_row
from workbench.quantize.measure_size import weight_bytes
from workbench.quantize.measure_speed import measure_speed
from workbench.quantize.methods import Method
from workbench.quantize.results import MethodResult
from workbench.quantize.rows import HeldOut, Question


@dataclass(frozen=True, slots=True)
class Task:
    """What every method is measured with."""

    ref: ModelRef
    tokenizer: Any
    held_out: HeldOut
    max_new_tokens: int

    @property
    def steps(self) -> int:
        """How often `measure` tells a step of one method."""
        return 2 + len(self.held_out.questions) + len(self.held_out.rows)


def measure(
    task: Task,
    method: Method,
    result: MethodResult,
    *,
    step: Callable[[str], None],
    keep: BaselineFile | None = None,
    against: BaselineFile | None = None,
) -> Iterator[tuple[Question, str]]:
    """Fill `result` figure by figure; yield each question with the method's greedy answer.

    `step` is told what comes next and may raise to end it. `keep` and `against` as in `score_row`.

    Raises:
        WorkbenchError, torch.OutOfMemoryError and whatever the method's library raises.
    """
    held_out = task.held_out
    step("loading")
    started = time.perf_counter()
    model: Any = load_model(task.ref, quantization=method.quantization)
    result.load_s = time.perf_counter() - started
    result.size_mib = weight_bytes(model) / MIB

    step("timing")
    speed = measure_speed(model, [token for row in held_out.rows for token in row.input_ids])
    result.prefill_tok_s, result.decode_tok_s = speed.prefill, speed.decode

    for question in held_out.questions:
        step(f"answering {count(len(held_out.questions))} prompts")
        yield question, _answer(task, model, question)

    quality = Quality()
    for row in held_out.rows:
        step(f"scoring {count(len(held_out.rows))} rows")
        score_row(model, row.input_ids, row.labels, quality, keep=keep, against=against)
    result.rows, result.tokens, result.perplexity = quality.rows, quality.tokens, quality.perplexity
    if against is not None:
        result.kl_mean, result.top1 = quality.kl / quality.tokens, quality.agreed / quality.tokens


def _answer(task: Task, model: Any, question: Question) -> str:
    """The greedy answer to `question`, up to its end of turn or `task.max_new_tokens`."""
    stops = stop_ids(model, task.tokenizer)
    answer: list[int] = []
    for token in islice(generate(model, question.ids, greedy), task.max_new_tokens):
        if token in stops:
            break
        answer.append(token)
    text: str = task.tokenizer.decode(answer, skip_special_tokens=True)
    return text.rstrip(UNFINISHED)

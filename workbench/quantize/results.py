"""What a comparison found: `results.json`, written whole after every method."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from workbench import atomic
from workbench.errors import WorkbenchError
from workbench.runs.directory import RunDirectory

VERSION = 1

State = Literal["waiting", "running", "done", "failed"]


@dataclass(slots=True)
class MethodResult:
    """One method's figures; None where not measured (yet).

    `size_mib` counts weights, buffers, scales and code books as they lie in memory after loading.
    `prefill_tok_s` and `decode_tok_s` are at batch 1. `perplexity`, `kl_mean` (nats) and `top1` (0..1)
    are over the `tokens` answer tokens of `rows` rows, the last two against the baseline. `seconds` is
    all the time that the method took. `reason` says why it failed.
    """

    name: str
    label: str
    state: State = "waiting"
    reason: str | None = None
    size_mib: float | None = None
    load_s: float | None = None
    prefill_tok_s: float | None = None
    decode_tok_s: float | None = None
    perplexity: float | None = None
    kl_mean: float | None = None
    top1: float | None = None
    rows: int = 0
    tokens: int = 0
    seconds: float | None = None


@dataclass(slots=True)
class Answers:
    """One held-out prompt: what the row says, and what each method said (method name -> text).

    All three are untrusted text.
    """

    row: int
    prompt: str
    reference: str
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Results:
    """A comparison as far as it has come. `notes` say how it was measured."""

    model: str = ""
    methods: list[MethodResult] = field(default_factory=list)
    answers: list[Answers] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def method(self, name: str) -> MethodResult:
        """The figures of the method called `name`."""
        return next(method for method in self.methods if method.name == name)

    def as_json(self) -> dict[str, Any]:
        """For `--json` and `results.json`; numbers that are not finite become null."""
        return {
            "version": VERSION,
            "model": self.model,
            "methods": [{key: _finite(value) for key, value in asdict(m).items()} for m in self.methods],
            "answers": [asdict(answer) for answer in self.answers],
            "notes": list(self.notes),
        }


def write_results(results: Results, path: Path) -> None:
    """Replace `path` whole.

    Raises:
        WorkbenchError: it cannot be written.
    """
    atomic.replace_text(path, json.dumps(results.as_json(), ensure_ascii=False, indent=1))


def read_results(run: RunDirectory) -> Results:
    """What the comparison in `run` has found so far; empty before its first method begins.

    Raises:
        WorkbenchError: `results.json` is damaged.
    """
    try:
        values = json.loads(run.results_file.read_text(encoding="utf-8"))
        return Results(
            model=values["model"],
            methods=[MethodResult(**_known(MethodResult, method)) for method in values["methods"]],
            answers=[Answers(**_known(Answers, answer)) for answer in values["answers"]],
            notes=values["notes"],
        )
    except FileNotFoundError:
        return Results()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(
            f"cannot be read ({type(error).__name__}: {error})", where=str(run.results_file)
        ) from error


def _known(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    # A newer version may have written more than this one knows.
    names = {field.name for field in fields(kind)}
    return {key: value for key, value in values.items() if key in names}


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""The comparison: every method of the plan in turn, the baseline first."""

from __future__ import annotations

import contextlib
import gc
import importlib
import time
import traceback

import torch

from workbench.data.tokens.tokenizer import load_tokenizer
from workbench.errors import WorkbenchError
from workbench.figures import MIB, count, duration, significant
from workbench.models.find import ModelRef, find_model, read_config
from workbench.models.precision import compute_dtype, dtype_name
from workbench.models.quiet import quiet_libraries
from workbench.quantize.baseline import BaselineFile, baseline_file
from workbench.quantize.measure import Task, measure
from workbench.quantize.measure_speed import ANSWER_TOKENS, PROMPT_TOKENS, ROUNDS
from workbench.quantize.methods import BASELINE, METHODS, Method, unavailable
from workbench.quantize.plan import ComparisonPlan
from workbench.quantize.results import Answers, MethodResult, Results, write_results
from workbench.quantize.rows import HeldOut, held_out_rows
from workbench.runs.directory import RunDirectory
from workbench.runs.failure import as_sentence
from workbench.runs.writer import RunWriter
from workbench.untrusted import printable

_READ_BYTES = 16 * MIB


class Stopped(Exception):
    """The user asked the comparison to stop."""


class _Steps:
    """How far the whole comparison is, told to the run's status."""

    def __init__(self, writer: RunWriter, total: int) -> None:
        self._writer, self._total = writer, total
        self._done = 0
        self._label = ""

    def begin(self, method: Method, done: int) -> None:
        self._label, self._done = method.label, done

    def __call__(self, doing: str) -> None:
        if self._writer.stop_requested():
            raise Stopped
        self._writer.update(step=self._done, max_steps=self._total, phase=f"{self._label}: {doing}")
        self._done += 1


def compare(run: RunDirectory, plan: ComparisonPlan, writer: RunWriter) -> None:
    """Measure every method of `plan` and write `results.json` after each; one that fails leaves the others.

    Raises:
        WorkbenchError: the model or the rows cannot be read, or no method could be measured.
    """
    quiet_libraries()
    writer.phase("reading the rows")
    ref = find_model(plan.model)
    tokenizer = load_tokenizer(ref.base)
    held_out = held_out_rows(plan, ref, tokenizer)
    task = Task(ref, tokenizer, held_out, plan.max_new_tokens)
    methods = [METHODS[name] for name in plan.methods]
    results = Results(
        model=ref.name,
        methods=[MethodResult(method.name, method.label) for method in methods],
        answers=[Answers(asked.row, asked.prompt, asked.reference) for asked in held_out.questions],
        notes=_notes(held_out),
    )
    write_results(results, run.results_file)
    dtype, why = compute_dtype()
    writer.event(
        "start",
        job="compare",
        model=ref.name,
        dataset=str(held_out.source),
        method=", ".join(plan.methods),
        dtype=dtype_name(dtype),
        why=why,
        rows_held_out=len(held_out.rows),
        max_steps=task.steps * len(methods),
    )
    writer.phase("reading the weights into the file cache")
    _read_through(ref, methods)
    steps = _Steps(writer, task.steps * len(methods))
    tokens = sum(row.trained for row in held_out.rows)
    with baseline_file(run.path, tokens=tokens, vocabulary=_vocabulary(ref)) as baseline:
        for index, method in enumerate(methods):
            steps.begin(method, index * task.steps)
            try:
                _measure(task, method, results, baseline, steps, run, writer)
            except Stopped:
                results.method(method.name).state = "waiting"
                write_results(results, run.results_file)
                print("stopped on request", flush=True)
                break
            finally:
                _free()
        else:
            writer.update(step=task.steps * len(methods))
    if all(result.state == "failed" for result in results.methods):
        raise WorkbenchError(
            f"no method could be measured; {results.methods[0].label}: {results.methods[0].reason}"
        )


def _measure(
    task: Task,
    method: Method,
    results: Results,
    baseline: BaselineFile,
    steps: _Steps,
    run: RunDirectory,
    writer: RunWriter,
) -> None:
    """Measure one method; whatever goes wrong in it becomes the reason of its result."""
    result = results.method(method.name)
    result.state = "running"
    write_results(results, run.results_file)
    first = method.name == BASELINE
    against = baseline if first or results.method(BASELINE).state == "done" else None
    baseline.rewind()
    started = time.perf_counter()
    answers = iter(results.answers)
    try:
        if reason := unavailable(method):
            raise WorkbenchError(reason)
        keep = baseline if first else None
        for question, text in measure(task, method, result, step=steps, keep=keep, against=against):
            next(answers).answers[method.name] = text
            writer.event("sample", method=method.name, prompt=question.prompt, answer=text)
        result.state = "done"
    except Stopped:
        raise
    except Exception as error:
        result.state = "failed"
        sentence = as_sentence(error, run.path)
        if sentence is not error:
            traceback.print_exc()
        result.reason = str(sentence)
    result.seconds = time.perf_counter() - started
    if first and result.state == "done":
        results.notes.append(
            "The baseline's predictions were kept as float16 log-probabilities over the whole vocabulary, "
            f"{significant(baseline.nbytes / MIB)} MiB, deleted at the end."
        )
    # Whoever follows the events finds the file as far as they say.
    write_results(results, run.results_file)
    if result.state == "done":
        writer.event("eval", **_figures(result))
    else:
        writer.event("warning", message=f"{method.label}: {result.reason}")
    print(_line(result), flush=True)


def _figures(result: MethodResult) -> dict[str, object]:
    names = ("size_mib", "load_s", "prefill_tok_s", "decode_tok_s", "perplexity", "kl_mean", "top1")
    figures = {name: getattr(result, name) for name in (*names, "rows", "tokens")}
    return {"method": result.name, **figures}


def _line(result: MethodResult) -> str:
    """For the log."""
    if result.state == "failed":
        return printable(f"{result.label}: failed: {result.reason}")
    return (
        f"{result.label}: {significant(result.size_mib)} MiB, loaded in {duration(result.load_s)}, "
        f"prefill {significant(result.prefill_tok_s)} tokens/s, decode {significant(result.decode_tok_s)} "
        f"tokens/s, perplexity {significant(result.perplexity)}, KL {significant(result.kl_mean)}, "
        f"top-1 {significant(result.top1)} ({duration(result.seconds)})"
    )


def _notes(held_out: HeldOut) -> list[str]:
    dtype, why = compute_dtype()
    place = torch.cuda.get_device_name() if torch.cuda.is_available() else "the CPU"
    notes = [
        f"Computed in {dtype_name(dtype)} on {place}: {why}.",
        "Size: weights, buffers, scales and code books as they lie in memory after loading.",
        f"Speed: a prompt of {PROMPT_TOKENS} tokens, then {ANSWER_TOKENS} tokens one by one, batch 1, "
        f"the median of {ROUNDS} rounds.",
        f"Perplexity, KL and agreement: the answer tokens of {count(len(held_out.rows))} rows of "
        f"{held_out.source.name}, KL and agreement against {METHODS[BASELINE].label}.",
    ]
    if held_out.skipped:
        first = held_out.skipped[0]
        notes.append(f"{len(held_out.skipped)} rows were passed over, first row {first.row}: {first.reason}.")
    return notes


def _read_through(ref: ModelRef, methods: list[Method]) -> None:
    """Read the weights once and import what loads them, so that the first method's load is no slower for it.

    What fails here fails again in the first method, and is said there.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    packages = {package for method in methods if not unavailable(method) for package in method.needs}
    for package in packages | ({"peft"} if ref.adapter else set()):
        with contextlib.suppress(Exception):
            importlib.import_module(package)
    with contextlib.suppress(Exception):
        for folder in filter(None, (ref.base, ref.adapter)):
            for file in sorted(folder.glob("*.safetensors")):
                with file.open("rb", buffering=0) as stream:
                    while stream.read(_READ_BYTES):
                        pass
        with torch.device("meta"):
            AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(ref.base, local_files_only=True))


def _vocabulary(ref: ModelRef) -> int:
    config = read_config(ref.base)
    return int(config.get("vocab_size") or (config.get("text_config") or {}).get("vocab_size") or 0)


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

"""Commands on models: compare quantizations, chat."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.printing import print_json, print_table, say

if TYPE_CHECKING:
    from workbench.chat.backend import Backend
    from workbench.quantize.results import Results

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def compare(
    model: Annotated[str, typer.Argument(help="A model folder, a run's id or a hub id.")],
    rows: Annotated[
        Path | None, typer.Option("--rows", help="A file of held-out rows. [those that the run held out]")
    ] = None,
    methods: Annotated[
        str, typer.Option(help="Methods with commas; full is the baseline.")
    ] = "full,int8,nf4",
    count: Annotated[int, typer.Option(help="How many of the rows.", min=1)] = 32,
    prompts: Annotated[int, typer.Option(help="How many of them are answered.", min=0)] = 3,
    cutoff_len: Annotated[int, typer.Option(help="Tokens of a row that count.", min=8)] = 1024,
    max_new_tokens: Annotated[int, typer.Option(help="The longest answer, in tokens.", min=1)] = 64,
    detach: Annotated[bool, typer.Option("--detach", help="Return at once with the run's id.")] = False,
    as_json: AsJson = False,
) -> None:
    """What each quantization costs, measured.

    Size, speed, perplexity of the answers, divergence from full precision, agreement.
    """
    from workbench.quantize.plan import make_plan
    from workbench.quantize.start import start_comparison

    plan = make_plan(
        {
            "model": model,
            "methods": [method.strip() for method in methods.split(",") if method.strip()],
            "rows": str(rows) if rows else None,
            "count": count,
            "prompts": prompts,
            "cutoff_len": cutoff_len,
            "max_new_tokens": max_new_tokens,
        }
    )
    run = start_comparison(plan)
    if detach:
        if as_json:
            print_json({"id": run.id, "path": str(run.path)})
        else:
            say(f"{run.id} is launched. See it: workbench attach {run.id}")
        return
    from workbench.cli.following import follow_to_end
    from workbench.quantize.results import read_results

    follow_to_end(run, quiet=as_json)
    results = read_results(run)
    if as_json:
        print_json(results.as_json())
    else:
        _print_results(results)


def _print_results(results: Results) -> None:
    from workbench.figures import significant

    names = ("size_mib", "load_s", "prefill_tok_s", "decode_tok_s", "perplexity", "kl_mean", "top1")
    headings = ["method", "MiB", "load s", "prefill tok/s", "decode tok/s", "perplexity", "KL", "top-1"]
    rows = [[m.label, *(significant(getattr(m, name)) for name in names)] for m in results.methods]
    print_table(headings, rows, right=range(1, len(headings)))
    for method in results.methods:
        if method.reason:
            say(f"{method.label}: {method.reason}")
    for note in results.notes:
        say(note)


def chat(
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="A run's id, a model folder, a hub id, or ollama:NAME."),
    ] = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", "-p", help="Ask this; - reads standard input.")
    ] = None,
    base: Annotated[bool, typer.Option("--base", help="Of a run: the model it started from.")] = False,
    system: Annotated[str | None, typer.Option(help="The system message.")] = None,
    temperature: Annotated[float, typer.Option(help="0 always takes the likeliest token.", min=0)] = 0.7,
    top_p: Annotated[
        float, typer.Option(help="Sample from the likeliest tokens of this share.", min=0, max=1)
    ] = 0.9,
    max_new_tokens: Annotated[int, typer.Option(help="The longest answer, in tokens.", min=1)] = 512,
    seed: Annotated[int | None, typer.Option(help="Makes sampling repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Stream an answer, or open the app on Chat."""
    if prompt is None:
        from workbench.cli.opening import open_app

        open_app("chat", model=model)
        return
    import threading
    import time

    from workbench.chat.backend import Sampling
    from workbench.data.conversation import Message
    from workbench.errors import WrongUse
    from workbench.untrusted import printable

    if model is None:
        raise WrongUse("no model is given", remedy="For instance: --model demo-01")
    text = sys.stdin.read() if prompt == "-" else prompt
    turns = [Message("system", system)] if system else []
    sampling = Sampling(temperature=temperature, top_p=top_p, max_new_tokens=max_new_tokens, seed=seed)
    backend = _backend(model, base)
    answer, started = [], time.monotonic()
    try:
        for piece in backend.stream([*turns, Message("user", text)], sampling, threading.Event()):
            answer.append(piece)
            if not as_json:
                typer.echo(printable(piece), nl=False)
    finally:
        # An error, or ctrl+c, says its sentence on a line of its own.
        if not as_json:
            typer.echo()
    if as_json:
        print_json({"model": backend.name, "answer": "".join(answer), "seconds": time.monotonic() - started})


def _backend(model: str, base: bool) -> Backend:
    if model.startswith("ollama:"):
        from workbench.chat.ollama import OllamaBackend

        return OllamaBackend(model.removeprefix("ollama:"))
    from workbench.chat.local import LocalModel

    return LocalModel.load(model, lambda line: typer.echo(line, err=True)).backend(not base)

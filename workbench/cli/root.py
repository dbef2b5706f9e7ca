"""The typer app and what all its commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli import data, demo, machine, models, runs, training

app = typer.Typer(
    name="workbench",
    help="Fine-tune language models in a terminal: data, training, monitoring, quantization, chat. "
    "Without a command, the app opens.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(asked: bool) -> None:
    if asked:
        from workbench import __version__

        typer.echo(f"workbench {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Fine-tune language models in a terminal."""


# In the order in which a person needs them.
app.command()(demo.demo)
app.command("open")(training.open_)
app.command()(data.inspect)
app.command()(training.estimate)
app.command()(training.train)
app.command()(runs.runs)
app.command()(runs.attach)
app.command()(runs.stop)
app.command()(runs.resume)
app.command()(models.compare)
app.command()(models.chat)
app.command()(machine.doctor)

"""The trainer's process: `python -m workbench.training RUN_DIR`. It goes on from the last checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.recipe.files import load_recipe
from workbench.runs.directory import RunDirectory
from workbench.runs.writer import RunWriter


def main() -> int:
    """Train what the run directory's recipe says. 0: done or stopped, 1: failed."""
    run = RunDirectory(Path(sys.argv[1]))
    with RunWriter(run, job="train") as writer:
        recipe = load_recipe(run.recipe_file)
        writer.phase("importing torch, transformers and peft")
        from workbench.models.quiet import quiet_libraries

        quiet_libraries()  # before they are imported: some speak up then
        from workbench.training.job import train

        train(run, recipe, writer)
    return 0


if __name__ == "__main__":
    sys.exit(main())

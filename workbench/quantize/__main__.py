"""`python -m workbench.quantize RUN_DIR`: the comparison's process."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.quantize.plan import load_plan
from workbench.runs.directory import RunDirectory
from workbench.runs.writer import RunWriter


def main() -> int:
    """Compare what the run directory's plan says. 0: done or stopped, 1: failed."""
    run = RunDirectory(Path(sys.argv[1]))
    with RunWriter(run, job="compare") as writer:
        plan = load_plan(run.recipe_file)
        writer.phase("importing torch and transformers")
        from workbench.quantize.job import compare

        compare(run, plan, writer)
    return 0


if __name__ == "__main__":
    sys.exit(main())

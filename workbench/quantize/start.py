"""From a plan to a running comparison. No torch: the app and the command line call this."""

from __future__ import annotations

import shutil
from pathlib import Path

from workbench import paths
from workbench.models.find import find_model
from workbench.quantize.plan import ComparisonPlan, save_plan
from workbench.quantize.rows import find_rows
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.launch import launch

MODULE = "workbench.quantize"


def start_comparison(plan: ComparisonPlan) -> RunDirectory:
    """Launch `plan` as a detached job and return at once; a method that cannot run here will say so in
    its result.

    Raises:
        WrongUse: there is no such model.
        WorkbenchError: model or rows cannot be used, or the job cannot be launched.
    """
    ref = find_model(plan.model)
    find_rows(plan, ref)
    run = create_run(f"compare-{Path(ref.name).name}")
    try:
        whole = {"rows": str(paths.expanded(plan.rows).absolute())} if plan.rows else {}
        if (folder := paths.expanded(plan.model)).is_dir():
            whole["model"] = str(folder.absolute())
        save_plan(plan.model_copy(update=whole), run.recipe_file)
        launch(run, MODULE)
    except BaseException:
        shutil.rmtree(run.path, ignore_errors=True)
        raise
    return run

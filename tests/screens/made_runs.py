"""Run directories as jobs leave them, written by the jobs' own writer."""

from __future__ import annotations

import json
import math
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.writer import RunWriter

JOBS = Path(__file__).parents[1] / "unit" / "runs"
"""Where `steps_job` lies, a job that tells steps as a trainer does."""


def finished_run(
    name: str,
    steps: int = 40,
    *,
    dataset: str = "short_answers.jsonl",
    fails_with: WorkbenchError | None = None,
    nan_at: int = 0,
    warning: str = "",
    log: str = "",
    with_adapter: bool = True,
    checkpoint: int = 0,
) -> RunDirectory:
    """A training run that has ended, in order or with `fails_with` after its last step."""
    run = create_run(name)
    run.recipe_file.write_text(f"model_name_or_path: tiny\ndataset: {dataset}\nlearning_rate: 1.0e-4\n")
    run.output_log.write_text(log or "loading the model\n", encoding="utf-8")
    if checkpoint:
        _save_checkpoint(run, checkpoint)
    try:
        with RunWriter(run, "train") as writer:
            _tell_steps(writer, steps, dataset, nan_at, warning)
            if fails_with:
                raise fails_with
            if with_adapter:
                run.adapter.mkdir()
                (run.adapter / "adapter_config.json").write_text("{}")
    except SystemExit:
        assert fails_with
    return run


def _tell_steps(writer: RunWriter, steps: int, dataset: str, nan_at: int, warning: str) -> None:
    writer.event("start", job="train", model="tiny", dataset=dataset, method="lora", max_steps=steps)
    writer.event("eval", step=0, eval_loss=4.0, tokens=10)
    for step in range(1, steps + 1):
        loss = math.nan if step == nan_at else 1.0 + 3.0 * math.exp(-5 * step / steps)
        writer.event("step", step=step, loss=loss, learning_rate=1e-4, tokens_per_s=500.0, grad_norm=0.5)
    if warning:
        writer.event("warning", message=warning)
    writer.event("memory", step=steps, process_gib=2.5)
    writer.event("eval", step=steps, eval_loss=2.0, tokens=10)


def _save_checkpoint(run: RunDirectory, step: int) -> None:
    folder = run.checkpoints / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (folder / "adapter_model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": step}))

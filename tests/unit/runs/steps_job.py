"""A small job that tells steps as a trainer does: `python -m steps_job RUN_PATH`.

What it does is JSON in the run's recipe.yaml (see `Plan`). Its losses depend on the step and on the state
in its checkpoints only, so that a resumed run can be compared with an uninterrupted one.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from workbench.atomic import replaced_folder
from workbench.errors import WorkbenchError
from workbench.runs.checkpoints import last_whole_checkpoint
from workbench.runs.directory import RunDirectory
from workbench.runs.writer import RunWriter


@dataclass
class Plan:
    steps: int = 20
    delay: float = 0.01
    save_every: int = 5
    loading_s: float = 0.0
    loss_is_nan_at: int = 0
    raise_at: int = 0
    raises: str = ""
    heed_stop: bool = True
    block_signals: bool = False
    worker: bool = False
    clock_back_at: int = 0
    limit_files_at: int = 0
    limit_bytes_over: int | None = None
    lift_limit_at: int = 0
    fill_disk_at: int = 0
    free_disk_at: int = 0


def main() -> None:
    run = RunDirectory(Path(sys.argv[1]))
    plan = Plan(**json.loads(run.recipe_file.read_text()))
    if plan.block_signals:
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    with RunWriter(run, "train", heartbeat_s=0.3) as writer:
        writer.phase("loading the model")
        worker = _sleeping_worker() if plan.worker else None
        time.sleep(plan.loading_s)
        checkpoint = last_whole_checkpoint(run)
        step, weight = _load(checkpoint.path) if checkpoint else (0, 1.0)
        writer.event(
            "start",
            job="train",
            model="none",
            dataset="none.json",
            method="lora",
            max_steps=plan.steps,
            worker=worker,
            resumed_from_step=checkpoint.step if checkpoint else None,
        )
        writer.phase("training")
        if checkpoint is None:
            writer.event("eval", step=0, eval_loss=3.0, tokens=10)
        while step < plan.steps:
            step += 1
            weight = weight * 0.9 + 0.01 * (step % 7)
            _trouble(plan, step, run)
            loss = float("nan") if step == plan.loss_is_nan_at else weight
            writer.event("step", step=step, loss=loss, tokens_per_s=100.0, eta_s=1.0)
            writer.event("memory", step=step, process_gib=0.5 + step / 1000)
            print("step", step, "损失", round(weight, 4))
            time.sleep(plan.delay)
            stop = plan.heed_stop and writer.stop_requested()
            if stop or step % plan.save_every == 0:
                _save(run, step, weight)
                writer.event("checkpoint", step=step, path=f"checkpoints/checkpoint-{step}")
            if stop:
                return
        writer.event("eval", step=step, eval_loss=2.0, tokens=10)


def _trouble(plan: Plan, step: int, run: RunDirectory) -> None:
    if step == plan.raise_at:
        if plan.raises == "sentence":
            raise WorkbenchError("the row is broken", where="data.json:7", remedy="Mend it.")
        if plan.raises == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if plan.raises == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        if plan.raises == "exit":
            sys.exit(3)
        if plan.raises == "disk":
            raise OSError(28, "No space left on device", str(run.path / "adapter"))
        raise RuntimeError("the shapes differ\nand more")
    if step == plan.clock_back_at:
        real = time.time
        time.time = lambda: real() - 3600
    if step == plan.limit_files_at:
        over = plan.limit_bytes_over
        limit = 0 if over is None else run.events_file.stat().st_size + over
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    if step == plan.lift_limit_at:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ballast = run.path.parent / "ballast"
    if step == plan.fill_disk_at:
        with ballast.open("wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    continue
    if step == plan.free_disk_at:
        ballast.unlink()


def _sleeping_worker() -> int:
    """A forked helper, as a data loader has them."""
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    return pid


def _save(run: RunDirectory, step: int, weight: float) -> None:
    data = struct.pack("<d", weight)
    header = json.dumps({"w": {"dtype": "F64", "shape": [1], "data_offsets": [0, len(data)]}}).encode()
    with replaced_folder(run.checkpoints / f"checkpoint-{step}") as folder:
        weights = struct.pack("<Q", len(header)) + header + data
        (folder / "adapter_model.safetensors").write_bytes(weights)
        (folder / "trainer_state.json").write_text(json.dumps({"global_step": step}))


def _load(folder: Path) -> tuple[int, float]:
    state = json.loads((folder / "trainer_state.json").read_text())
    weights = (folder / "adapter_model.safetensors").read_bytes()
    return state["global_step"], struct.unpack("<d", weights[-8:])[0]


if __name__ == "__main__":
    main()

"""From data to a chat with the real SmolLM2, as a script would do it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.demo.sample_set import packaged


def workbench(home: Path, *words: str) -> str:
    """What `workbench WORDS` prints; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "WORKBENCH_HOME": str(home)},
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_train_compare_and_chat(home: Path, smollm2: Path) -> None:
    for name in ("train", "heldout"):
        (home / f"{name}.jsonl").write_bytes(packaged(f"short_answers.{name}.jsonl"))
    words = [
        f"model_name_or_path={smollm2}",
        f"dataset={home / 'train.jsonl'}",
        f"eval_dataset={home / 'heldout.jsonl'}",
        "run_name=path",
        "cutoff_len=96",
        "max_steps=12",
        "per_device_train_batch_size=4",
        "gradient_accumulation_steps=1",
        "learning_rate=1e-3",
    ]
    run = json.loads(workbench(home, "train", *words, "--headless", "--json"))
    assert run["state"] == "done"
    assert run["steps"] == 12
    assert run["eval_loss_after"] < 0.9 * run["eval_loss_before"]
    assert run["peak_memory_gib"] > 0.2

    listed = json.loads(workbench(home, "runs", "--json"))
    assert [entry["id"] for entry in listed] == ["path-01"]
    assert listed[0] == run
    lines = (home / "runs" / "path-01" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert all({"v", "seq", "time", "kind"} <= event.keys() for event in events)

    found = json.loads(
        workbench(
            home, "compare", "path-01", "--count", "6", "--prompts", "1", "--max-new-tokens", "4", "--json"
        )
    )
    full, int8, nf4 = found["methods"]
    assert [full["name"], int8["name"], nf4["name"]] == ["full", "int8", "nf4"]
    assert (full["kl_mean"], full["top1"]) == (0, 1)
    assert full["size_mib"] > int8["size_mib"] > nf4["size_mib"]
    assert 0 < int8["kl_mean"] < nf4["kl_mean"]

    ask = [
        "chat",
        "--model",
        "path-01",
        "--prompt",
        "Why do we sweat?",
        "--temperature",
        "0",
        "--max-new-tokens",
        "12",
    ]
    tuned, base = workbench(home, *ask), workbench(home, *ask, "--base")
    # Twelve steps teach one of the two lines at least; the base has never seen either.
    assert tuned.startswith(("In short:", "Why:"))
    assert base.strip()
    assert not base.startswith(("In short:", "Why:"))

"""A large file of alpaca rows: seconds and peak memory to its first rows, to full statistics, and once more.

    python tests/bench/million_rows.py [--rows N] [--without-near] [--keep FILE]

Writes N rows (1,000,000: about 1 GB of JSON Lines, English and Chinese, with repetitions), seeded, to a
temporary file (--keep FILE: to FILE, which stays and is used again). Each measurement is a fresh process, in
a fresh WORKBENCH_HOME; memory is that of the process and all that it starts, sampled ten times a second:
PSS, in which a page that several share counts once, and beside it what of that is no file's page.

The peer is what one would write: `datasets.load_dataset("json", …)`, pandas, and the same MinHash library.
Both count the same things, and the counts have to agree; else the bench ends with an error.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil

SEED = 7
BETWEEN_SAMPLES_S = 0.1
EXACT = (
    "rows",
    "duplicates",
    "prompts",
    "conflicting",
    "placeholders",
    "control",
    "replacement",
    "labels",
    "chars",
)
PLACEHOLDER = r"\{\{ ?[^\W\d][\w .\-]{0,63}\}\}"
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
WORD = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")
SIMILAR = 0.8


# --- the rows


def make_rows(count: int) -> Iterator[dict[str, str]]:
    """Rows of about 1 KB; of a hundred, one is an earlier one again, one nearly, one asks the same again."""
    made = random.Random(SEED)
    english, chinese = _sentences(made)
    sources = [f"source {letter}" for letter in string.ascii_uppercase[:12]]
    shares = [1 / rank for rank in range(1, len(sources) + 1)]
    recent: list[dict[str, str]] = []
    for number in range(count):
        kind = made.random()
        if recent and kind < 0.03:
            earlier = made.choice(recent)
            row = dict(earlier)
            if kind < 0.01:
                row["output"] += " " + made.choice(english)
            elif kind < 0.02:
                row["output"] = " ".join(made.choices(english, k=10))
            yield row
            continue
        pool, gap = (english, " ") if made.random() < 0.5 else (chinese, "")
        row = {
            "instruction": gap.join(made.choices(pool, k=2)) + f" ({number})",
            "input": "" if made.random() < 0.7 else made.choice(pool),
            "output": gap.join(made.choices(pool, k=11)),
            "source": made.choices(sources, shares)[0],
        }
        if kind > 0.999:
            row["instruction"] += " {{name}}"
        elif kind > 0.9985:
            row["output"] += " \x1b[0m"
        elif kind > 0.998:
            row["output"] += " \ufffd"
        if len(recent) < 10_000:
            recent.append(row)
        else:
            recent[made.randrange(10_000)] = row
        yield row


def _sentences(made: random.Random) -> tuple[list[str], list[str]]:
    words = ["".join(made.choices(string.ascii_lowercase, k=made.randint(2, 9))) for _ in range(3_000)]
    signs = [chr(0x4E00 + made.randrange(3_000)) for _ in range(3_000)]
    english = [" ".join(made.choices(words, k=made.randint(8, 15))).capitalize() + "." for _ in range(20_000)]
    chinese = ["".join(made.choices(signs, k=made.randint(15, 35))) + "。" for _ in range(20_000)]
    return english, chinese


def write_rows(path: Path, count: int) -> None:
    """Write `count` rows as JSON Lines."""
    with path.open("wb", buffering=1 << 20) as file:
        for row in make_rows(count):
            file.write(orjson.dumps(row) + b"\n")


# --- what is measured, each in a process of its own


def first(path: str, near: bool) -> dict[str, Any]:
    """The first thousand rows and the table of them."""
    from workbench.data.opening import first_rows

    dataset = first_rows(path)
    assert dataset.table().num_rows == dataset.rows
    return {"rows": dataset.rows}


def ours(path: str, near: bool) -> dict[str, Any]:
    """All that the workbench tells of a file."""
    from workbench.data.health.near import find_near
    from workbench.data.health.report import findings
    from workbench.data.opening import open_dataset

    began = time.perf_counter()
    dataset = open_dataset(path)
    opened = time.perf_counter()
    found = {finding.key: finding.count for finding in findings(dataset)}
    labels = next(category for category in dataset.categories if category.column == "source")
    facts = dataset.facts
    told = {
        name: found[name]
        for name in ("duplicates", "prompts", "conflicting", "placeholders", "control", "replacement")
    }
    told |= {"rows": dataset.rows, "labels": labels.as_dict(), "chars": int(facts.chars.sum())}
    counted = time.perf_counter()
    if near:
        told["near"] = find_near(dataset).count
    steps = {"opening": opened - began, "counting": counted - opened, "near": time.perf_counter() - counted}
    return {**told, "steps": steps}


def peer(path: str, near: bool) -> dict[str, Any]:
    """The same with `datasets` and pandas."""
    import datasets

    began = time.perf_counter()
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        frame = datasets.load_dataset("json", data_files=path, split="train", cache_dir=cache).to_pandas()
        opened = time.perf_counter()
        texts = frame[["instruction", "input", "output"]]
        question = frame["instruction"].where(
            frame["input"] == "", frame["instruction"] + "\n" + frame["input"]
        )
        same = frame.duplicated()
        answers = frame.groupby(question)["output"].nunique()
        lengths = question.str.len() + frame["output"].str.len()
        told: dict[str, Any] = {
            "rows": len(frame),
            "duplicates": int(same.sum()),
            "prompts": int(question.duplicated().sum()),
            "conflicting": int((answers > 1).sum()),
            "labels": {key: int(count) for key, count in frame["source"].value_counts().items()},
            "chars": int(lengths.sum()),
        }
        lengths.describe()
        for name, pattern in (("placeholders", PLACEHOLDER), ("control", CONTROL), ("replacement", "\ufffd")):
            told[name] = int(
                texts.apply(lambda column, it=pattern: column.str.contains(it)).any(axis=1).sum()
            )
        counted = time.perf_counter()
        if near:
            told["near"] = _peer_near([*zip(question, frame["output"], strict=True)], same.to_numpy())
        steps = {
            "opening": opened - began,
            "counting": counted - opened,
            "near": time.perf_counter() - counted,
        }
        return {**told, "steps": steps}


def _peer_near(rows: list[tuple[str, str]], same: Any) -> int:
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(SIMILAR, 32, 8)
    near = 0
    for begin in range(0, len(rows), 10_000):
        kept = [at for at in range(begin, min(begin + 10_000, len(rows))) if not same[at]]
        sets = [_triples(rows[at]) for at in kept]
        for at, mine, sketch in zip(kept, sets, RMinHash.from_token_sets(sets, 32, SEED), strict=True):
            for other in index.query(sketch):
                theirs = set(_triples(rows[other]))
                both = len(theirs.intersection(mine))
                if both / (len(theirs) + len(mine) - both) >= SIMILAR:
                    near += 1
                    break
            index.insert(at, sketch)
    return near


def _triples(row: tuple[str, str]) -> list[str]:
    found: set[str] = set()
    for text in row:
        words = WORD.findall(text.lower())
        found.update(
            map(" ".join, zip(words, words[1:], words[2:], strict=False))
            if len(words) > 2
            else (" ".join(words),)
        )
    found.discard("")
    return list(found)


MEASURED = {"first": first, "ours": ours, "peer": peer}


# --- measuring


def measured(what: str, path: Path, near: bool, home: str) -> dict[str, Any]:
    """Run one measurement; what it told, with `seconds` from start to end, `cpu`, `peak` and `own` in MiB."""
    environment = {**os.environ, "WORKBENCH_HOME": home, "HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, __file__, "--measure", what, "--keep", str(path)]
    began, worked = time.perf_counter(), _processor_seconds()
    process = subprocess.Popen(
        command + ([] if near else ["--without-near"]), stdout=subprocess.PIPE, env=environment, text=True
    )
    peak = own = 0.0
    while process.poll() is None:
        now = [_memory(one) for one in _family(process.pid)]
        peak = max(peak, sum(whole for whole, _ in now))
        own = max(own, sum(mine for _, mine in now))
        time.sleep(BETWEEN_SAMPLES_S)
    seconds = time.perf_counter() - began
    assert process.stdout
    told = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{what} ended with {process.returncode}")
    found = json.loads(told.splitlines()[-1])
    return {**found, "seconds": seconds, "cpu": _processor_seconds() - worked, "peak": peak, "own": own}


def _processor_seconds() -> float:
    """What all processes took that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(pid: int) -> list[int]:
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return []


def _memory(pid: int) -> tuple[float, float]:
    """PSS in MiB, and what of it is no file's page."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return sizes["Pss"] / 1024, (sizes.get("Pss_Anon", 0) + sizes.get("Pss_Shmem", 0)) / 1024


def bench(path: Path, near: bool) -> bool:
    """Measure all in turn and print the table; whether the counts agree."""
    with tempfile.TemporaryDirectory() as home:
        found = {name: measured(name, path, near, home) for name in ("first", "ours")}
        found["again"] = measured("ours", path, near, home)
    with tempfile.TemporaryDirectory() as home:
        found["peer"] = measured("peer", path, near, home)
    with_near = " and near duplicates" if near else ""
    names = {
        "first": "first rows",
        "ours": f"full statistics{with_near}",
        "again": "the same, opened again",
        "peer": "datasets + pandas, the same",
    }
    print(f"{path.stat().st_size / 2**20:,.0f} MiB of JSON Lines, {found['ours']['rows']:,} rows")
    print(f"{'':<38}{'seconds':>9}{'CPU s':>8}{'peak MiB':>10}{'no file':>9}   of which")
    for key, name in names.items():
        one = found[key]
        steps = ", ".join(f"{step} {took:.1f} s" for step, took in one.get("steps", {}).items())
        memory = f"{one['peak']:>10,.0f}{one['own']:>9,.0f}"
        print(f"{name:<38}{one['seconds']:>9.2f}{one['cpu']:>8.2f}{memory}   {steps}")
    ratio = found["peer"]["seconds"] / found["ours"]["seconds"]
    share = found["ours"]["peak"] / found["peer"]["peak"]
    print(f"ours is {ratio:.2f} times as fast, with {share:.0%} of the memory")
    print(f"\n{'counted':<38}{'ours':>12}{'peer':>12}")
    agree = True
    for key in (*EXACT, *(["near"] if near else [])):
        mine, theirs = found["ours"][key], found["peer"][key]
        # Sketches miss one pair or another, and not the same ones.
        same = abs(mine - theirs) <= 0.01 * theirs + 2 if key == "near" else mine == theirs
        agree &= same and mine == found["again"][key]
        if isinstance(mine, dict):
            mine, theirs = f"{len(mine)} values", f"{len(theirs)} values"
        else:
            mine, theirs = f"{mine:,}", f"{theirs:,}"
        print(f"{key:<38}{mine:>12}{theirs:>12}{'' if same else '   differ'}")
    return agree


def main() -> None:
    """Make the rows and measure."""
    parser = argparse.ArgumentParser(description="See the top of the file.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--without-near", action="store_true", help="leave near duplicates out on both sides")
    parser.add_argument("--keep", type=Path, help="the file to write, or to use if it is there")
    parser.add_argument("--measure", choices=MEASURED, help=argparse.SUPPRESS)
    options = parser.parse_args()
    near = not options.without_near
    if options.measure:
        print(json.dumps(MEASURED[options.measure](str(options.keep), near)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "rows.jsonl"
        if not path.exists():
            began = time.perf_counter()
            write_rows(path, options.rows)
            print(f"written in {time.perf_counter() - began:.1f} s")
        if not bench(path, near):
            raise SystemExit("the counts differ")


if __name__ == "__main__":
    main()

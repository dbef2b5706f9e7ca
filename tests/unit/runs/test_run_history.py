from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs.event_writer import EventWriter
from workbench.runs.history import History, read_history


def _event(seq: int, kind: str, **fields: object) -> dict:
    return {"v": 1, "seq": seq, "time": 0.0, "kind": kind, **fields}


def test_numbers_come_in_columns() -> None:
    history = History()
    history.add(
        [
            _event(0, "start", model="m", resumed_from_step=None),
            _event(1, "eval", step=0, eval_loss=3.0),
            _event(2, "step", step=1, loss=2.0, note="text"),
            _event(3, "memory", step=1, process_gib=0.5, gpu_util=None),
            _event(4, "step", step=2, loss=None, grad_norm=0.25, non_finite=["loss"]),
            _event(5, "checkpoint", step=2, path="checkpoints/checkpoint-2"),
            _event(6, "warning", message="slow"),
        ]
    )
    steps, losses = history.series("loss")
    assert list(steps) == [1.0, 2.0] and losses[0] == 2.0 and math.isnan(losses[1])
    _, norms = history.series("grad_norm")
    assert math.isnan(norms[0]) and norms[1] == 0.25
    assert history.names == ["loss", "grad_norm"]
    assert [list(column) for column in history.series("eval_loss")] == [[0.0], [3.0]]
    assert [list(column) for column in history.series("process_gib")] == [[1.0], [0.5]]
    assert [list(column) for column in history.series("unheard_of")] == [[], []]
    assert history.checkpoints[0]["path"] == "checkpoints/checkpoint-2"
    assert (history.warnings[0]["step"], history.step) == (2, 2)
    assert history.start and history.start["model"] == "m" and history.end is None
    assert np.asarray(steps).dtype == np.float64


def test_a_series_stays_as_it_was_while_more_comes() -> None:
    history = History()
    history.add([_event(0, "step", step=1, loss=2.0)])
    steps, _ = history.series("loss")
    view = np.asarray(steps)
    history.add([_event(1, "step", step=2, loss=1.0)])
    assert len(view) == 1 and len(history.series("loss")[0]) == 2


def test_after_a_resume_the_steps_that_come_again_count_once() -> None:
    history = History()
    history.add([_event(0, "start", resumed_from_step=None)])
    history.add([_event(n, "step", step=n, loss=float(n)) for n in range(1, 8)])
    history.add([_event(8, "eval", step=6, eval_loss=1.0), _event(9, "end", state="crashed")])
    more = [_event(10, "start", resumed_from_step=5), _event(11, "step", step=6, loss=60.0)]
    history.add(more)
    steps, losses = history.series("loss")
    assert list(steps) == [1, 2, 3, 4, 5, 6] and list(losses) == [1, 2, 3, 4, 5, 60.0]
    assert history.resumes == [5] and history.evals == [] and history.end is None and history.step == 6
    history.add([_event(12, "start", resumed_from_step=None)])
    assert list(history.series("loss")[0]) == []


step_events = st.lists(
    st.dictionaries(
        st.sampled_from(["loss", "grad_norm", "tokens", "note"]),
        st.none() | st.floats() | st.integers(-5, 5) | st.just("text"),
    ),
    max_size=30,
)


@given(rows=step_events, cuts=st.lists(st.integers(0, 30), max_size=4))
def test_little_by_little_or_all_at_once_is_the_same(rows: list[dict], cuts: list[int]) -> None:
    events = [_event(number, "step", step=number, **row) for number, row in enumerate(rows)]
    whole, pieces = History(), History()
    whole.add(events)
    ends = [*sorted(cuts), len(events)]
    start = 0
    for end in ends:
        pieces.add(events[start:end])
        start = max(start, end)
    for name in {*whole.names, *pieces.names, "loss"}:
        values = [whole.series(name)[1], pieces.series(name)[1]]
        expected = [float(r[name]) if isinstance(r.get(name), int | float) else math.nan for r in rows]
        for column in values:
            if len(column) or any(not math.isnan(value) for value in expected):
                np.testing.assert_array_equal(column, expected)


def test_a_long_run_opens_fast(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        writer.write("start", resumed_from_step=None)
        for step in range(1, 50_001):
            writer.write(
                "step",
                step=step,
                epoch=step / 9973,
                loss=1 / step + 0.7,
                learning_rate=1e-4 / step,
                grad_norm=step / 7919,
                tokens_per_s=step / 31,
                tokens=step * 100,
                step_s=0.123,
                eta_s=50_000.0 - step,
            )
    history, tail = read_history(path)
    assert len(history.steps) == 50_000 and tail.read() == []

"""Work spread over processes of our own, started so that it can be done inside a running terminal app.

A worker is `python -m MODULE` whose `__main__` calls `serve`. It is given one order, a JSON object on a
line, tells how far it is and at last what it found in JSON lines, and ends when whoever started it does.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

from workbench.atomic import write_failure
from workbench.errors import WorkbenchError, WrongUse

# More take more memory than they save time.
_MOST = 8
_BETWEEN_LOOKS_S = 0.1
_TO_TERMINATE_S = 2.0
_NICE = 19
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

Order = Mapping[str, Any]


class WorkStopped(WorkbenchError):
    """The user stopped the work."""


def worker_count() -> int:
    """How many workers this machine is good for."""
    return max(1, min(_MOST, len(os.sched_getaffinity(0))))


def run_workers(
    module: str,
    orders: Sequence[Order],
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    news: Callable[[Any], None] | None = None,
    at_once: int | None = None,
) -> list[dict[str, Any]]:
    """Have each order done by a process of its own, `at_once` at a time; what they found, in order.

    Args:
        module: what is run as `python -m`; it calls `serve`.
        progress: told the share of all orders that is done, 0 to 1.
        cancelled: asked ten times a second whether to stop.
        news: told what the workers find meanwhile, as it comes.

    Raises:
        WorkbenchError: what a worker raised, or that one of them died. The others are ended.
        WorkStopped: `cancelled` said so.
    """
    waiting = list(enumerate(orders))
    found: list[dict[str, Any]] = [{} for _ in orders]
    shares = [0.0] * len(orders)
    at_work: list[_Worker] = []
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or at_work:
                while waiting and len(at_work) < (at_once or worker_count()):
                    at, order = waiting.pop(0)
                    worker = _Worker(at, module, order)
                    at_work.append(worker)
                    selector.register(worker.output, selectors.EVENT_READ, worker)
                if cancelled and cancelled():
                    raise WorkStopped("it was stopped")
                for key, _ in selector.select(_BETWEEN_LOOKS_S):
                    worker = key.data
                    ended = worker.read()
                    shares[worker.at] = worker.share
                    if news:
                        for one in worker.news:
                            news(one)
                    worker.news.clear()
                    if ended:
                        selector.unregister(worker.output)
                        found[worker.at] = worker.result()
                        shares[worker.at] = 1.0
                        at_work.remove(worker)
                if progress:
                    progress(sum(shares) / len(shares))
        finally:
            _end(at_work)
    return found


class _Worker:
    """A process at work on one order."""

    def __init__(self, at: int, module: str, order: Order) -> None:
        self.at = at
        self.share = 0.0
        self.news: list[Any] = []
        self._rest = b""
        self._last: dict[str, Any] = {}
        try:
            # -P: a file in the user's folder must not be imported in place of a package of the same name.
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ENVIRONMENT},
            )
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WorkbenchError(f"no process could be started for it ({reason})") from error
        # The screen is to stay quick while all processors are at work.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, _NICE)
        self.output: IO[bytes] = self.process.stdout  # type: ignore[assignment]
        with suppress(BrokenPipeError):  # it died already, which is told when its output ends
            assert self.process.stdin
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            self.process.stdin.flush()

    def read(self) -> bool:
        """Take in what it told; whether it has ended."""
        data = os.read(self.output.fileno(), 1 << 20)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            if "share" in told:
                self.share = told["share"]
                if told["news"] is not None:
                    self.news.append(told["news"])
            else:
                self._last = told
        return not data

    def result(self) -> dict[str, Any]:
        """What it found, after its end."""
        code = self.process.wait()
        self.close()
        if "found" in self._last:
            result: dict[str, Any] = self._last["found"]
            return result
        if "problem" in self._last:
            kind = WrongUse if self._last["wrong_use"] else WorkbenchError
            raise kind(self._last["problem"], where=self._last["where"], remedy=self._last["remedy"])
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        remedy = "Memory may have run out: end other programs." if code == -signal.SIGKILL else "Try again."
        raise WorkbenchError(f"a process that worked on it ended unexpectedly, {how}", remedy=remedy)

    def close(self) -> None:
        """Close its pipes."""
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                assert pipe
                pipe.close()


def _end(workers: Sequence[_Worker]) -> None:
    """Terminate them, and see to it that none is left."""
    for worker in workers:
        worker.process.terminate()
    deadline = time.monotonic() + _TO_TERMINATE_S
    for worker in workers:
        try:
            worker.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
        worker.close()


class Tell(Protocol):
    """Tells the share that is done, ten times a second at most, and news, which are JSON, at once."""

    def __call__(self, share: float, news: Any = None) -> None: ...


def serve(work: Callable[[dict[str, Any], Tell], dict[str, Any]]) -> None:
    """Do one order as a worker process: `work` gets it and a function to tell its progress with.

    It is for `__main__` alone: it takes standard input and output, and garbage is not looked for meanwhile.
    """
    # The interrupt key reaches every process of the terminal; whoever started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    last = time.monotonic()

    def tell(**told: Any) -> None:
        output.write(json.dumps(told).encode() + b"\n")

    def told_share(share: float, news: Any = None) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= _BETWEEN_LOOKS_S or news is not None:
            last = now
            tell(share=share, news=news)

    gc.freeze()
    gc.disable()
    try:
        tell(found=work(order, told_share))
    except WorkbenchError as error:
        wrong_use = isinstance(error, WrongUse)
        tell(problem=error.problem, where=error.where, remedy=error.remedy, wrong_use=wrong_use)
    except OSError as error:
        failure = write_failure(Path(error.filename or "the cache folder"), error)
        tell(problem=failure.problem, where=failure.where, remedy=failure.remedy, wrong_use=False)
    except MemoryError:
        remedy = "End other programs."
        tell(problem="there is not enough memory for it", where=None, remedy=remedy, wrong_use=False)


def _end_with_parent() -> None:
    # A read returns when nobody holds the other end any more.
    os.read(0, 1)
    os._exit(1)

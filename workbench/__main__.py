"""`workbench`: without words the app, with words the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def main() -> None:
    """Entry point of the `workbench` command.

    Without arguments in a terminal the app opens at once: the command line's libraries are not imported.
    """
    command: Callable[[], object]
    if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
        from workbench.cli.opening import open_app as command
    else:
        from workbench.cli.root import app as command
    _leave(guarded(command))


def guarded(command: Callable[[], object]) -> int:
    """Run `command`; its exit code. Whatever goes wrong ends in a sentence, never in a traceback."""
    from workbench.errors import WorkbenchError

    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except WorkbenchError as error:
        print(f"error: {_safe(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (head, less) has seen enough; python would complain again while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        print(f"error: {_internal(error)}", file=sys.stderr)
        return 1
    return 0


def _leave(code: int) -> None:
    if "screens.app" in sys.modules:
        # A thread of the app may still load a model or write an answer: Python would wait for it, or end it
        # in the middle of native code, which aborts. Nothing is left to save.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _safe(text: str) -> str:
    from workbench.untrusted import printable

    return printable(text)


def _internal(error: Exception) -> str:
    """The sentence for an error that nobody foresaw; its traceback goes to a file."""
    import time
    import traceback

    from workbench import paths

    sentence = f"{type(error).__name__}: {_safe(str(error))}."
    try:
        log = paths.log_dir() / f"error-{time.strftime('%Y%m%d-%H%M%S')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return sentence
    return f"{sentence} This is a fault of the workbench; the details are in {log}"


if __name__ == "__main__":
    main()

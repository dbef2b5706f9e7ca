"""`workbench`: without words the app, with words the command line."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of the `workbench` command.

    Without arguments in a terminal the app opens at once: the command line's libraries are not imported.
    """
    if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
        from workbench.cli.opening import open_app

        run_guarded(open_app)
    else:
        from workbench.cli.root import app

        run_guarded(app)


def run_guarded(command: object) -> None:
    """Run `command` so that whatever goes wrong ends in a sentence and an exit code, never a traceback."""
    from workbench.errors import WorkbenchError

    assert callable(command)
    try:
        command()
    except WorkbenchError as error:
        print(f"error: {_safe(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; python would complain again while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        print(f"error: {_internal(error)}", file=sys.stderr)
        sys.exit(1)


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

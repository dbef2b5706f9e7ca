"""Errors that the user can mend: they say what is wrong, where, and what to do."""

from __future__ import annotations


class WorkbenchError(Exception):
    """Something the user can mend.

    Shown as one sentence, never as a traceback.

    Args:
        problem: what is wrong.
        where: the file, line, row or key that it is about.
        remedy: what to do next.
    """

    exit_code = 1

    def __init__(self, problem: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.problem = problem.rstrip(".")
        self.where = where
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        stop = "" if self.problem.endswith(("?", "!", "。", "？")) else "."
        sentence = f"{self.where}: {self.problem}{stop}" if self.where else f"{self.problem}{stop}"
        return f"{sentence} {self.remedy}" if self.remedy else sentence

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only fields are lost by Exception's own pickling.
        return (_rebuild, (type(self), self.problem, self.where, self.remedy))


class WrongUse(WorkbenchError):
    """A key, option or name that the user typed and that does not exist: exit code 2."""

    exit_code = 2


def _rebuild(
    kind: type[WorkbenchError], problem: str, where: str | None, remedy: str | None
) -> WorkbenchError:
    return kind(problem, where=where, remedy=remedy)

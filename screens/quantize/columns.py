"""The columns of the table: what each shows of a method, and how it stands to the baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.figures import significant

if TYPE_CHECKING:
    from workbench.quantize.results import MethodResult

Relation = Callable[[float, float], str]


@dataclass(frozen=True, slots=True)
class Column:
    """One figure. `relation` puts it beside the baseline's; `full` is the end of a full bar.

    In a narrow table the column is `brief_width` cells wide and its relation is `brief`.
    """

    key: str
    title: str
    unit: str
    width: int
    brief_width: int
    relation: Relation | None = None
    brief: Relation | None = None
    scale: float = 1.0
    full: float | None = None

    def value(self, result: MethodResult) -> float | None:
        """The figure in the column's unit; None if it is not measured (yet)."""
        value = getattr(result, self.key)
        return None if value is None else value * self.scale

    def shown(self, result: MethodResult) -> str:
        """The figure as it is written."""
        value = self.value(result)
        return "·" if value is None else significant(value)

    def related(self, result: MethodResult, baseline: MethodResult | None, *, brief: bool) -> str:
        """How the figure stands to the baseline's; empty where that says nothing."""
        relation = self.brief if brief else self.relation
        if relation is None or baseline is None or baseline is result:
            return ""
        value, base = self.value(result), self.value(baseline)
        return relation(value, base) if value and base else ""


def _times(less: str, more: str) -> Relation:
    def relation(value: float, base: float) -> str:
        ratio = value / base
        factor = significant(max(ratio, 1 / ratio), 2)
        return "equal" if factor == "1.0" else f"{factor}x {less if ratio < 1 else more}"

    return relation


def _ratio(value: float, base: float) -> str:
    return f"x{significant(value / base, 2)}"


def _percent(value: float, base: float) -> str:
    change = 100 * (value / base - 1)
    return "equal" if abs(change) < 0.005 else f"{change:+.{1 if abs(change) >= 1 else 2}f} %"


_SPEED = _times("slower", "faster")

COLUMNS = (
    Column("size_mib", "size", "MiB", 12, 9, _times("smaller", "larger"), _times("less", "more")),
    Column("load_s", "load", "s", 11, 6, _times("quicker", "longer"), _ratio),
    Column("prefill_tok_s", "prefill", "tok/s", 11, 7, _SPEED, _ratio),
    Column("decode_tok_s", "decode", "tok/s", 11, 7, _SPEED, _ratio),
    Column("perplexity", "perplexity", "", 10, 10, _percent, _percent),
    Column("kl_mean", "KL", "nats", 8, 8),
    Column("top1", "top-1", "%", 6, 5, scale=100, full=100.0),
)

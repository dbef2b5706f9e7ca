"""The ways to hold a model's weights that a comparison can measure."""

from __future__ import annotations

import difflib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import WrongUse

if TYPE_CHECKING:
    from workbench.models.load import Quantization


@dataclass(frozen=True, slots=True)
class Method:
    """One way to load a model.

    `quantization` is what `load_model` is asked for; `needs` are packages that must be installed;
    `source` says where the method is described.
    """

    name: str
    label: str
    help: str
    quantization: Quantization | None = None
    needs: tuple[str, ...] = ()
    source: str = ""


# In this order they are offered and measured; the first is the baseline of the others.
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "full",
            "full precision",
            "The weights as they are, in the precision that suits this machine: what the others are held "
            "against.",
        ),
        Method(
            "int8",
            "8-bit",
            "bitsandbytes LLM.int8(): every row of a weight in whole numbers from -127 to 127, outlier "
            "columns kept apart.",
            "int8",
            ("bitsandbytes",),
            "Dettmers et al. 2022, arXiv:2208.07339",
        ),
        Method(
            "nf4",
            "NF4, double",
            "bitsandbytes 4-bit NormalFloat, blocks of 64, whose scales are quantized to 8 bits themselves.",
            "nf4-double",
            ("bitsandbytes",),
            "QLoRA, Dettmers et al. 2023, arXiv:2305.14314",
        ),
    )
}

BASELINE = "full"


def find_method(name: str) -> Method:
    """The method called `name`.

    Raises:
        WrongUse: there is none; the sentence names the nearest.
    """
    if name in METHODS:
        return METHODS[name]
    near = difflib.get_close_matches(name.lower(), METHODS, n=1, cutoff=0.5)
    raise WrongUse(
        f"there is no method called {name!r}",
        where="methods",
        remedy=f"Did you mean {near[0]}?" if near else f"There is: {', '.join(METHODS)}.",
    )


def unavailable(method: Method) -> str | None:
    """Why `method` cannot run here and what would help; None if it can."""
    missing = [package for package in method.needs if importlib.util.find_spec(package) is None]
    if not missing:
        return None
    return f"needs {' and '.join(missing)}: pip install {' '.join(missing)}"

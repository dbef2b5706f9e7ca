"""Which type is computed in on this machine, and that the reason is said."""

from __future__ import annotations

import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.models.precision import compute_dtype, cpu_is_quick_at_bf16, dtype_name

without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")


@without_gpu
def test_left_open_the_cpu_decides() -> None:
    dtype, why = compute_dtype()
    assert dtype == (torch.bfloat16 if cpu_is_quick_at_bf16() else torch.float32)
    assert "this CPU has" in why


@without_gpu
def test_a_cpu_never_computes_in_fp16() -> None:
    assert compute_dtype(fp16=True) == (torch.float32, "fp16 needs a GPU")


def test_switched_off_is_off() -> None:
    assert compute_dtype(bf16=False, fp16=False)[0] == torch.float32


def test_both_at_once_are_refused() -> None:
    with pytest.raises(WorkbenchError, match="exclude each other"):
        compute_dtype(bf16=True, fp16=True)


def test_what_the_cpu_says_of_bf16_is_what_its_kernel_lists() -> None:
    from pathlib import Path

    flags = Path("/proc/cpuinfo").read_text()
    assert cpu_is_quick_at_bf16() == ("avx512_bf16" in flags or "amx_bf16" in flags)


def test_a_type_is_named_as_users_write_it() -> None:
    assert dtype_name(torch.bfloat16) == "bfloat16"

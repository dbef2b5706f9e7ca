"""Which floating-point type a model computes in, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import torch


def compute_dtype(bf16: bool | None = None, fp16: bool | None = None) -> tuple[torch.dtype, str]:
    """The type that matrix products run in on this machine, and the reason as a clause.

    `bf16` and `fp16` are the recipe's: True asks for it, False rules it out, None leaves it to the
    hardware. On a CPU without bf16 instructions a product in bf16 takes 50 to 90 times as long as in
    float32, and one in fp16 does on every x86 CPU: a recipe that asks for them gets float32 there.

    Raises:
        WorkbenchError: both are asked for, or the GPU lacks what is asked for.
    """
    import torch

    if bf16 and fp16:
        raise WorkbenchError("bf16 and fp16 exclude each other", remedy="Set one of the two to false.")
    if torch.cuda.is_available():
        return _on_gpu(bf16, fp16)
    if fp16:
        return torch.float32, "fp16 needs a GPU"
    if bf16 is False:
        return torch.float32, "bf16 is switched off"
    if cpu_is_quick_at_bf16():
        return torch.bfloat16, "this CPU has bf16 instructions"
    if bf16:
        return torch.float32, "this CPU has no bf16 instructions, and would be some 50 times slower with it"
    return torch.float32, "no GPU, and this CPU has no bf16 instructions"


def _on_gpu(bf16: bool | None, fp16: bool | None) -> tuple[torch.dtype, str]:
    import torch

    name = torch.cuda.get_device_name()
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    if bf16 and not native:
        raise WorkbenchError(f"{name} cannot compute in bf16", remedy="Set fp16=true instead of bf16.")
    if fp16:
        return torch.float16, "fp16 is asked for"
    if native and bf16 is not False:
        return torch.bfloat16, f"{name} computes in it natively"
    if fp16 is None and not native:
        return torch.float16, f"{name} has no bf16"
    return torch.float32, "bf16 and fp16 are switched off" if native else "fp16 is switched off"


def cpu_is_quick_at_bf16() -> bool:
    """Whether the CPU multiplies bf16 in hardware (AVX-512 BF16 or AMX BF16)."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def dtype_name(dtype: torch.dtype) -> str:
    """`torch.bfloat16` as bfloat16."""
    return str(dtype).removeprefix("torch.")

"""A model from its folders into memory, quantized on the way where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from workbench.errors import WorkbenchError
from workbench.models.find import ModelRef
from workbench.models.precision import compute_dtype
from workbench.models.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

Quantization = Literal["int8", "nf4", "nf4-double"]


def load_model(
    ref: ModelRef,
    *,
    quantization: Quantization | None = None,
    dtype: torch.dtype | None = None,
    progress: Callable[[str], None] | None = None,
) -> PreTrainedModel | PeftModel:
    """The model of `ref` with its adapter, in eval mode, on the first GPU if there is one.

    Args:
        quantization: hold the linear layers in 8 or 4 bits (bitsandbytes); the output head stays whole.
        dtype: of the unquantized weights and of the computation; chosen by the hardware if None.
        progress: is told what is being done, in a few words.

    Raises:
        WorkbenchError: the files are damaged or incomplete, or the model is too large for the memory.
    """
    quiet_libraries()
    tell = progress or (lambda _: None)
    dtype = dtype or compute_dtype()[0]
    tell(f"loading {ref.name}")
    model = _load_base(ref.base, quantization, dtype)
    if ref.adapter is not None:
        tell(f"loading the adapter of {ref.run or ref.name}")
        model = _attach(model, ref.adapter)
    return model.eval()


def _load_base(base: Path, quantization: Quantization | None, dtype: torch.dtype) -> Any:
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    options: dict[str, Any] = {"dtype": dtype, "local_files_only": True, "trust_remote_code": False}
    options["use_safetensors"] = True  # the other format is pickle
    if torch.cuda.is_available():
        options["device_map"] = {"": 0}
    elif quantization:
        options["device_map"] = {"": "cpu"}
    if quantization:
        options["quantization_config"] = _bitsandbytes(quantization, dtype)
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(base, output_loading_info=True, **options)
    except torch.OutOfMemoryError as error:
        raise _does_not_fit(base) from error
    except SafetensorError as error:
        raise WorkbenchError(
            f"its weights are damaged ({error})", where=str(base), remedy="Copy or download them again."
        ) from error
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise WorkbenchError(
            f"cannot be loaded ({_first_line(error)})", where=str(base), remedy="Check the model's files."
        ) from error
    model, report = loaded
    if missing := sorted(report["missing_keys"]):
        # transformers would go on with random numbers in their place.
        raise WorkbenchError(
            f"{len(missing)} of its weights are missing, the first is {missing[0]}",
            where=str(base),
            remedy="Copy or download the model's .safetensors files again.",
        )
    if quantization and quantization != "int8":
        keep_packing_off(model, only_impossible=True)
    return model


def keep_packing_off(model: torch.nn.Module, *, only_impossible: bool = False) -> None:
    """Forbid 4-bit layers to repack their weights for quick inference on a CPU with bf16 instructions.

    bitsandbytes 0.50 does that at the first forward pass in eval mode, for good: from then on no gradient
    passes through the layer, in training neither, and its scales are rounded. With `only_impossible`,
    forbid it where it would fail: widths that are no whole number of its blocks of 32 by 64.
    """
    from bitsandbytes.nn import Linear4bit

    for module in model.modules():
        if isinstance(module, Linear4bit):
            packable = module.out_features % 32 == 0 and module.in_features % 64 == 0
            if not (only_impossible and packable):
                module.support_avx512bf16_for_cpu = False


def _attach(model: Any, adapter: Path) -> PeftModel:
    from peft import PeftModel
    from safetensors import SafetensorError

    try:
        return PeftModel.from_pretrained(model, str(adapter))
    except torch.OutOfMemoryError as error:
        raise _does_not_fit(adapter) from error
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise WorkbenchError(
            f"the adapter cannot be loaded ({_first_line(error)})",
            where=str(adapter),
            remedy="Check that it was trained on this base model.",
        ) from error


def _does_not_fit(folder: Path) -> WorkbenchError:
    return WorkbenchError(
        "the model does not fit into the GPU's memory",
        where=str(folder),
        remedy="Load it in 4 bits, or free the GPU's memory (`nvidia-smi` shows who holds it).",
    )


def _bitsandbytes(quantization: Quantization, dtype: torch.dtype) -> Any:
    from transformers import BitsAndBytesConfig

    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=quantization == "nf4-double",
        bnb_4bit_compute_dtype=dtype,
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")[:300]

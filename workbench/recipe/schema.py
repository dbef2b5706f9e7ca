"""Every key of a recipe, with its type, range, default, help and group.

The spelling is LLaMA-Factory's and transformers', so that an existing YAML means the same here.
The form and the comments in a saved YAML are made from this one model.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

GROUPS = ("model", "data", "method", "optimisation", "precision", "schedule and saving")

TRANSFORMERS = "transformers TrainingArguments"
LORA = "LoRA, Hu et al. 2021, arXiv:2106.09685"
QLORA = "QLoRA, Dettmers et al. 2023, arXiv:2305.14314"

Scheduler = Literal["linear", "cosine", "constant", "constant_with_warmup", "inverse_sqrt", "polynomial"]
Optimizer = Literal[
    "adamw_torch",
    "adamw_torch_fused",
    "adamw_8bit",
    "paged_adamw_8bit",
    "paged_adamw_32bit",
    "adafactor",
    "sgd",
]


def _key(group: str, help: str, default: Any, *, source: str = "", **limits: Any) -> Any:
    """A field of the recipe; `source` says where the term is explained."""
    return Field(default, description=help, json_schema_extra={"group": group, "source": source}, **limits)


class Recipe(BaseModel):
    """A fine-tune, as it is launched."""

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, protected_namespaces=(), allow_inf_nan=False
    )

    model_name_or_path: str = _key(
        "model",
        "The model to start from: a folder with safetensors weights, the name of a model the workbench "
        "holds, or a Hugging Face Hub id.",
        "",
    )
    run_name: Annotated[str, Field(pattern=r"^\w[\w.-]{0,63}$")] | None = _key(
        "model", "The name of the run, which gets a number behind it. Empty: the data file's name.", None
    )

    dataset: str = _key(
        "data",
        "The training rows: JSON, JSON Lines, CSV, Parquet or text; alpaca, sharegpt, OpenAI messages "
        "or plain text.",
        "",
    )
    dataset_format: str | None = _key(
        "data",
        "How the rows of dataset and eval_dataset are read: a format's name (alpaca, sharegpt, openai, "
        "prompt-completion, preference, kto, text), or which column is what (prompt=title query=ask "
        "response=answer). Empty: detected, unless a registry says it.",
        None,
    )
    eval_dataset: str | None = _key(
        "data", "A file of held-out rows. Empty: val_size takes them from the training rows.", None
    )
    val_size: float = _key(
        "data",
        "Held-out rows taken from the training rows: a share below 1, or a number of rows. They are "
        "never trained on.",
        0.0,
        ge=0,
        source="LLaMA-Factory",
    )
    cutoff_len: int = _key(
        "data",
        "The most tokens of a row that are trained; what lies behind is cut, and the Data screen "
        "shows where.",
        2048,
        ge=8,
        le=1_048_576,
        source="LLaMA-Factory",
    )
    cutoff_policy: Literal["truncate", "drop", "error"] = _key(
        "data",
        "What happens to a longer row: its end is cut, the row is left out, or the run is refused.",
        "truncate",
    )
    max_samples: int | None = _key("data", "Use the first so many rows only. Empty: all.", None, ge=1)
    train_on_prompt: bool = _key(
        "data", "Train on the question as well as on the answer.", False, source="LLaMA-Factory"
    )
    mask_history: bool = _key(
        "data", "Train on the last answer of a conversation only.", False, source="LLaMA-Factory"
    )

    finetuning_type: Literal["lora", "full"] = _key(
        "method",
        "lora trains small matrices beside the frozen weights; full trains every weight and needs "
        "about eight times the memory.",
        "lora",
        source=LORA,
    )
    quantization_bit: Literal[4, 8] | None = _key(
        "method",
        "Hold the frozen weights in 4 bits (NF4: QLoRA) or 8 bits (LLM.int8()) by bitsandbytes. "
        "Empty: not quantized. Only with lora.",
        None,
        source=QLORA,
    )
    double_quantization: bool = _key(
        "method", "Quantize the 4-bit scales as well: 0.37 bits a weight less.", True, source=QLORA
    )
    lora_rank: int = _key(
        "method",
        "The width r of the added matrices; more can learn more and costs more.",
        8,
        ge=1,
        le=1024,
        source=LORA,
    )
    lora_alpha: int | None = _key(
        "method",
        "The added matrices are scaled by lora_alpha / lora_rank. Empty: twice the rank.",
        None,
        ge=1,
        source=LORA,
    )
    lora_dropout: float = _key(
        "method",
        "The share of the adapter's inputs set to zero while training.",
        0.0,
        ge=0,
        lt=1,
        source=LORA,
    )
    lora_target: str = _key(
        "method",
        "Which layers get an adapter: all for every linear layer but the output head, or names with "
        "commas, such as q_proj,v_proj.",
        "all",
        source="LLaMA-Factory",
    )

    learning_rate: float = _key(
        "optimisation",
        "The highest step width. LoRA 1e-4 to 3e-4, full 1e-5 to 5e-5.",
        1e-4,
        gt=0,
        le=1,
        source=TRANSFORMERS,
    )
    num_train_epochs: float = _key(
        "optimisation", "How often every row is seen.", 3.0, gt=0, le=10_000, source=TRANSFORMERS
    )
    max_steps: int = _key(
        "optimisation",
        "End after so many steps, whatever the epochs. -1: by epochs.",
        -1,
        ge=-1,
        source=TRANSFORMERS,
    )
    per_device_train_batch_size: int = _key(
        "optimisation",
        "Rows that go through a GPU at once; memory grows with it.",
        2,
        ge=1,
        le=4096,
        source=TRANSFORMERS,
    )
    gradient_accumulation_steps: int = _key(
        "optimisation",
        "Batches added up before a step: as a larger batch, in more time and no more memory.",
        8,
        ge=1,
        le=65_536,
        source=TRANSFORMERS,
    )
    lr_scheduler_type: Scheduler = _key(
        "optimisation", "How the learning rate goes down after the warm-up.", "cosine", source=TRANSFORMERS
    )
    warmup_steps: int = _key(
        "optimisation", "Steps in which the learning rate climbs from 0.", 0, ge=0, source=TRANSFORMERS
    )
    weight_decay: float = _key(
        "optimisation", "Pulls trained weights towards 0.", 0.0, ge=0, le=1, source=TRANSFORMERS
    )
    max_grad_norm: float = _key(
        "optimisation",
        "A longer gradient is shortened to this norm. 0: never.",
        1.0,
        ge=0,
        source=TRANSFORMERS,
    )
    optim: Optimizer = _key(
        "optimisation",
        "adamw_torch holds 8 bytes a trained weight, adamw_8bit about 2; paged ones move to the host's "
        "memory when the GPU is full.",
        "adamw_torch",
        source=TRANSFORMERS,
    )
    seed: int = _key(
        "optimisation", "Fixes row order, dropout and the adapter's start.", 42, ge=0, le=2**32 - 1
    )

    bf16: bool | None = _key(
        "precision",
        "Compute in bfloat16. Empty: where the hardware is quick at it.",
        None,
        source=TRANSFORMERS,
    )
    fp16: bool | None = _key(
        "precision",
        "Compute in float16 with loss scaling, for GPUs without bfloat16. Empty: only there.",
        None,
        source=TRANSFORMERS,
    )
    gradient_checkpointing: bool | None = _key(
        "precision",
        "Compute activations again in the backward pass instead of keeping them: a third slower, much "
        "less memory. Empty: on for GPUs.",
        None,
        source="Chen et al. 2016, arXiv:1604.06174",
    )

    logging_steps: int = _key("schedule and saving", "Steps between two points of the loss curve.", 1, ge=1)
    eval_steps: int | None = _key(
        "schedule and saving",
        "Steps between two measurements of the held-out loss. Empty: after each epoch. Always before the "
        "first and after the last step.",
        None,
        ge=1,
    )
    per_device_eval_batch_size: int = _key(
        "schedule and saving", "Rows at once while measuring the held-out loss.", 2, ge=1, le=4096
    )
    save_steps: int | None = _key(
        "schedule and saving",
        "Steps between two checkpoints, from which a run can be resumed. Empty: only when it is stopped.",
        None,
        ge=1,
    )
    save_total_limit: int = _key(
        "schedule and saving", "Checkpoints kept; older ones are deleted.", 2, ge=1, le=1000
    )

    @property
    def lora_scale_numerator(self) -> int:
        """lora_alpha, or twice the rank where it is not given."""
        return self.lora_alpha if self.lora_alpha is not None else 2 * self.lora_rank

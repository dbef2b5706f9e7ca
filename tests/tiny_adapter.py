"""A random LoRA adapter for a tiny model: it changes what the model says, to nothing better."""

from __future__ import annotations

from pathlib import Path


def save_tiny_adapter(base: Path, folder: Path) -> Path:
    """Write an adapter over `base` to `folder`, as a run would."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(7)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base),
        LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False),
    )
    model.save_pretrained(str(folder))
    return folder

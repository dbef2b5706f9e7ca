"""Keys of other programs' recipes that the workbench knows and does not support, with the nearest thing."""

from __future__ import annotations

# key -> what to do instead
UNSUPPORTED = {
    "stage": "every row is trained as its format says: conversations on their answers, text on all of it",
    "do_train": "leave it out: a recipe is always trained",
    "template": "leave it out: the model's own chat template is used",
    "dataset_dir": "write the path into dataset",
    "output_dir": "runs have their own folder; name it by run_name",
    "overwrite_output_dir": "leave it out: a run never overwrites another",
    "overwrite_cache": "leave it out: rows are read afresh",
    "preprocessing_num_workers": "leave it out",
    "dataloader_num_workers": "leave it out",
    "plot_loss": "leave it out: Monitor draws the loss",
    "warmup_ratio": "use warmup_steps",
    "eval_strategy": "use eval_steps",
    "evaluation_strategy": "use eval_steps",
    "save_strategy": "use save_steps",
    "report_to": "leave it out: the run directory holds every metric",
    "quantization_method": "use quantization_bit: bitsandbytes quantizes",
    "adapter_name_or_path": "train from the base model",
    "trust_remote_code": "leave it out: code from a model's folder is never run",
    "packing": "leave it out: rows are padded to the longest of their batch",
    "neat_packing": "leave it out: rows are padded to the longest of their batch",
    "flash_attn": "leave it out: PyTorch's scaled_dot_product_attention is used",
    "use_dora": "use finetuning_type: lora",
    "use_rslora": "use lora_alpha",
    "pissa_init": "use finetuning_type: lora",
    "loraplus_lr_ratio": "use learning_rate",
    "deepspeed": "one GPU trains",
    "fsdp": "one GPU trains",
    "use_unsloth": "leave it out",
    "enable_liger_kernel": "leave it out",
    "neftune_noise_alpha": "leave it out",
    "load_best_model_at_end": "use save_steps and keep the checkpoint you like",
    "ddp_timeout": "leave it out: one GPU trains",
}

"""The rows that a comparison reads."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.data.tokens.tokenizer import load_tokenizer
from workbench.models.find import ModelRef
from workbench.quantize.plan import make_plan
from workbench.quantize.rows import held_out_rows


def test_of_two_answers_the_chosen_one_is_scored(tmp_path: Path, smollm2: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps({"prompt": "q", "chosen": "a", "rejected": "b"}) + "\n")
    plan = make_plan({"model": str(smollm2), "rows": str(file), "prompts": 1})
    found = held_out_rows(plan, ModelRef("m", smollm2, None, None), load_tokenizer(smollm2))
    assert len(found.rows) == 1
    assert [(asked.prompt, asked.reference) for asked in found.questions] == [("q", "a")]

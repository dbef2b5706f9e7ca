"""Against the stand-in of tests/ollama_stand_in: no Ollama server is needed."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ollama_stand_in.server import Exchange, chat, end, recorded, stand_in, tags

from workbench.chat.backend import ContextFull, Sampling
from workbench.chat.ollama import OllamaBackend, list_ollama_models
from workbench.data.conversation import Message
from workbench.errors import WorkbenchError, WrongUse

HELLO = (Message("user", "Say hello."),)


@pytest.fixture(autouse=True)
def _no_proxy_by_chance(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # A proxy must not come between the program and its own machine.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    yield


def say(model: str, sampling: Sampling | None = None, stop: threading.Event | None = None) -> list[str]:
    stream = OllamaBackend(model).stream(HELLO, sampling or Sampling(), stop or threading.Event())
    return list(stream)


def use(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("OLLAMA_HOST", address)


def test_models_are_listed_by_name_with_their_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    details = {"parameter_size": "1.2B", "quantization_level": "Q4_K_M"}
    models = [{"name": n, "model": n, "size": 7, "details": details} for n in ("b:latest", "a:latest")]
    with stand_in([tags(*models)]) as server:
        use(monkeypatch, f"http://{server.address}")
        listed = list_ollama_models()
    assert [(m.name, m.size_bytes, m.parameters, m.quantization) for m in listed] == [
        ("a:latest", 7, "1.2B", "Q4_K_M"),
        ("b:latest", 7, "1.2B", "Q4_K_M"),
    ]


def test_an_answer_streams_with_the_settings_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in([chat("m", "Hel", "lo", end())]) as server:
        use(monkeypatch, server.address)
        assert say("m", Sampling(temperature=0, top_k=0, max_new_tokens=9, seed=4)) == ["Hel", "lo"]
    [request] = server.requests
    assert request["messages"] == [{"role": "user", "content": "Say hello."}]
    assert request["options"] == {
        "temperature": 0,
        "top_p": 0.9,
        "top_k": 0,
        "num_predict": 9,
        "repeat_penalty": 1.0,
        "seed": 4,
    }


@pytest.mark.parametrize("chunk", [1, 2, 3, 5])
def test_characters_split_between_packets_stay_whole(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    with stand_in([chat("m", "你好", "🌏!", end(), chunk=chunk)]) as server:
        use(monkeypatch, server.address)
        assert say("m") == ["你好", "🌏!"]


def test_thoughts_come_first_and_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    thoughts = [
        {"message": {"role": "assistant", "content": "", "thinking": t}, "done": False} for t in ("hm", "…")
    ]
    with stand_in([chat("m", *thoughts, "Yes.", end())]) as server:
        use(monkeypatch, server.address)
        assert "".join(say("m")) == "<think>hm…</think>\n\nYes."


def test_stopping_ends_the_answer_and_tells_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{n} " * 200 for n in range(400)]
    with stand_in([chat("m", *lines, pause_s=0.01)]) as server:
        use(monkeypatch, server.address)
        stop = threading.Event()
        taken = []
        for piece in OllamaBackend("m").stream(HELLO, Sampling(), stop):
            taken.append(piece)
            if len(taken) == 3:
                stop.set()
        deadline = time.monotonic() + 5
        while not server.left_early and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(taken) == 3
        assert server.left_early == 1
        assert server.lines_sent < len(lines)


def test_stopping_is_heard_while_the_server_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in([chat("m", "late", end(), pause_s=3)]) as server:
        use(monkeypatch, server.address)
        stop = threading.Event()
        threading.Timer(0.1, stop.set).start()
        assert say("m", stop=stop) == []
        # It came back while the server still kept its first line to itself.
        assert server.lines_sent == 0


def test_an_error_line_in_a_good_stream_is_said_after_what_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stand_in([chat("m", "Hel", {"error": "model runner has \x1b[31mstopped"})]) as server:
        use(monkeypatch, server.address)
        stream = OllamaBackend("m").stream(HELLO, Sampling(), threading.Event())
        assert next(stream) == "Hel"
        with pytest.raises(WorkbenchError, match="model runner has stopped") as error:
            next(stream)
    assert "\x1b" not in str(error.value)


def test_a_model_that_is_not_there_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Exchange("POST", "/api/chat", json.dumps({"error": "model 'nope' not found"}), None, 404)
    with stand_in([missing]) as server:
        use(monkeypatch, server.address)
        with pytest.raises(WorkbenchError, match="model 'nope' not found") as error:
            say("nope")
    assert error.value.remedy == "`ollama pull nope` fetches a model of that name."


def test_an_answer_cut_by_the_context_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in([chat("m", "Hello", end("length", tokens=6))]) as server:
        use(monkeypatch, server.address)
        stream = OllamaBackend("m").stream(HELLO, Sampling(max_new_tokens=50), threading.Event())
        assert next(stream) == "Hello"
        with pytest.raises(ContextFull, match="after 6 tokens"):
            next(stream)
        assert say("m", Sampling(max_new_tokens=6)) == ["Hello"]


def test_a_connection_that_breaks_off_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in([chat("m", "Hel", breaks_off=True)]) as server:
        use(monkeypatch, server.address)
        with pytest.raises(WorkbenchError, match="the connection broke off"):
            say("m")


def test_no_server_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    use(monkeypatch, address)
    line = (
        f"no Ollama server answers at {address}. "
        "Start it with `ollama serve`, or set OLLAMA_HOST to where it runs."
    )
    for ask in (list_ollama_models, lambda: say("m")):
        with pytest.raises(WorkbenchError) as error:
            ask()
        assert str(error.value) == line


@pytest.mark.parametrize(
    "stranger",
    [
        Exchange("GET", "/api/tags", "<html>router</html>", content_type="text/html"),
        Exchange("GET", "/nothing", ""),
        Exchange("GET", "/api/tags", "[1, 2]"),
    ],
)
def test_another_server_on_that_port_is_recognised(
    monkeypatch: pytest.MonkeyPatch, stranger: Exchange
) -> None:
    with stand_in([stranger]) as server:
        use(monkeypatch, server.address)
        with pytest.raises(WorkbenchError, match="no Ollama server"):
            list_ollama_models()


def test_an_address_that_is_none_is_the_users_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "localhost:port")
    with pytest.raises(WrongUse, match="OLLAMA_HOST is 'localhost:port'"):
        list_ollama_models()


def test_what_a_real_server_said_is_understood(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exchanges = dict(recorded(shared_data / "ollama" / "transcripts.jsonl"))
    chosen = [exchanges[label] for label in ("tags", "chat missing", "chat stream")]
    with stand_in(chosen) as server:
        use(monkeypatch, server.address)
        models = list_ollama_models()
        assert models and all(m.name and m.size_bytes and m.quantization for m in models)
        with pytest.raises(WorkbenchError, match="model 'nope' not found"):
            list(OllamaBackend("nope").stream((Message("user", "hi"),), Sampling(), threading.Event()))
        streamed = say("rec-ok", Sampling(max_new_tokens=6))
    said = [json.loads(line) for line in exchanges["chat stream"].response.splitlines()]
    assert "".join(streamed) == "".join(part["message"]["content"] for part in said)
    assert len(streamed) == 6

"""Models of an Ollama server: listed, and asked over HTTP.

The server is the one that OLLAMA_HOST names, else the one on this machine.
"""

from __future__ import annotations

import ipaddress
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import ollama

from workbench.chat.backend import ContextFull, Sampling
from workbench.data.conversation import Message
from workbench.errors import WorkbenchError, WrongUse
from workbench.figures import count
from workbench.untrusted import shorten

CONNECT_S = 3.0
LIST_S = 10.0
# How often a waiting answer looks whether it was stopped.
STOP_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """A model that the server has; `size_bytes` is its size on the server's disk."""

    name: str
    size_bytes: int
    parameters: str
    quantization: str


def ollama_address() -> str:
    """Where the Ollama server is looked for."""
    return os.environ.get("OLLAMA_HOST", "").strip() or "127.0.0.1:11434"


def list_ollama_models() -> list[OllamaModel]:
    """The server's models, by name.

    Raises:
        WorkbenchError: no server answers, or not as an Ollama server does.
    """
    with _explained(), _client(LIST_S) as client:
        models = client.list().models
    return sorted(
        (
            OllamaModel(
                name=model.model or "?",
                size_bytes=int(model.size or 0),
                parameters=(model.details and model.details.parameter_size) or "",
                quantization=(model.details and model.details.quantization_level) or "",
            )
            for model in models
        ),
        key=lambda model: model.name,
    )


class OllamaBackend:
    """A `Backend` over one model of the server."""

    def __init__(self, model: str) -> None:
        self.name = model
        self.tokens = 0

    def stream(self, messages: Sequence[Message], sampling: Sampling, stop: threading.Event) -> Iterator[str]:
        """See `Backend.stream`. A model's thoughts come first, between `<think>` and `</think>`."""
        # The server says nothing while it loads a model, and a blocked read hears no stop: it waits
        # in a thread of its own.
        pieces: queue.SimpleQueue[str | int | WorkbenchError | None] = queue.SimpleQueue()
        left = threading.Event()
        self.tokens = 0
        threading.Thread(
            target=self._read, args=(list(messages), sampling, pieces, left), name="ollama", daemon=True
        ).start()
        try:
            while not stop.is_set():
                try:
                    piece = pieces.get(timeout=STOP_POLL_S)
                except queue.Empty:
                    continue
                if piece is None:
                    return
                if isinstance(piece, WorkbenchError):
                    raise piece
                if isinstance(piece, int):
                    self.tokens = piece
                    continue
                self.tokens += 1
                yield piece
        finally:
            left.set()

    def close(self) -> None:
        """The server keeps and frees its models itself."""

    def _read(
        self,
        messages: list[Message],
        sampling: Sampling,
        pieces: queue.SimpleQueue[str | int | WorkbenchError | None],
        left: threading.Event,
    ) -> None:
        try:
            with _explained(self.name), _client(None) as client:
                parts = client.chat(
                    model=self.name,
                    messages=[{"role": message.role, "content": message.content} for message in messages],
                    options=_options(sampling),
                    stream=True,
                )
                # Closing the stream closes the connection, which is how the server learns to stop.
                with closing(parts):
                    for piece in _pieces(parts, sampling):
                        if left.is_set():
                            return
                        pieces.put(piece)
        except WorkbenchError as error:
            pieces.put(error)
        finally:
            pieces.put(None)


def _pieces(parts: Iterator[Any], sampling: Sampling) -> Iterator[str | int]:
    """The text, and at its end the number of tokens that the server counted."""
    thinking = False
    for part in parts:
        if thought := part.message.thinking:
            yield thought if thinking else f"<think>{thought}"
            thinking = True
        if content := part.message.content:
            yield f"</think>\n\n{content}" if thinking else content
            thinking = False
        if part.done and part.eval_count:
            yield part.eval_count
        if part.done and part.done_reason == "length" and (part.eval_count or 0) < sampling.max_new_tokens:
            raise ContextFull(
                f"the answer ends after {count(part.eval_count or 0)} tokens: the model's context is full",
                remedy="Start a new conversation, or give the model a larger num_ctx in Ollama.",
            )


def _options(sampling: Sampling) -> dict[str, Any]:
    options = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "num_predict": sampling.max_new_tokens,
        "repeat_penalty": sampling.repetition_penalty,
    }
    return options if sampling.seed is None else {**options, "seed": sampling.seed}


def _client(read_s: float | None) -> ollama.Client:
    address = ollama_address()
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, _ = parts.hostname or "localhost", parts.port
        return ollama.Client(
            address,
            timeout=httpx.Timeout(read_s, connect=CONNECT_S),
            # A proxy for the internet cannot reach this machine's own server.
            trust_env=not _is_here(host),
        )
    except ValueError as error:
        raise WrongUse(
            f"OLLAMA_HOST is {address!r}, which is no address ({error})",
            remedy="For instance: OLLAMA_HOST=127.0.0.1:11434",
        ) from error


def _is_here(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified


@contextmanager
def _explained(model: str | None = None) -> Iterator[None]:
    """What can go wrong between here and the server, as a sentence."""
    where = f"Ollama at {ollama_address()}"
    try:
        yield
    except (ConnectionError, httpx.ConnectError, httpx.TimeoutException) as error:
        raise WorkbenchError(
            f"no Ollama server answers at {ollama_address()}",
            remedy="Start it with `ollama serve`, or set OLLAMA_HOST to where it runs.",
        ) from error
    except httpx.HTTPError as error:
        raise WorkbenchError(
            f"the connection broke off ({error})", where=where, remedy="See the server's log; ask again."
        ) from error
    except ollama.ResponseError as error:
        missing = error.status_code == 404
        if missing and model is None:
            raise _stranger(where) from error
        raise WorkbenchError(
            shorten(error.error.strip(), 300) or f"the server answered with status {error.status_code}",
            where=where,
            remedy=f"`ollama pull {model}` fetches a model of that name." if missing else None,
        ) from error
    except (ValueError, AttributeError, TypeError) as error:
        raise _stranger(where) from error


def _stranger(where: str) -> WorkbenchError:
    return WorkbenchError(
        "what answers there is no Ollama server", where=where, remedy="Set OLLAMA_HOST to where Ollama runs."
    )

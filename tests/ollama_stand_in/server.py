"""An HTTP server that answers as an Ollama server did, exchange by exchange.

It is no Ollama: it generates nothing. An exchange says what a request looks like and what the answer
was; a request that fits none is answered as Ollama answers an unknown route.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

JSON = "application/json; charset=utf-8"
LINES = "application/x-ndjson"


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. `pause_s` passes before each line of a streamed answer."""

    method: str
    path: str
    response: str
    request: dict[str, Any] | None = None
    status: int = 200
    content_type: str = JSON
    pause_s: float = 0.0
    # Bytes a chunk of the transfer; None sends a line at a time, as Ollama does.
    chunk: int | None = None
    # Breaks the connection off before the answer's end.
    breaks_off: bool = False

    def fits(self, method: str, path: str, body: dict[str, Any] | None) -> bool:
        """Whether it answers this request: the model and the messages decide, not the options."""
        if (method, path) != (self.method, self.path):
            return False
        if self.request is None or body is None:
            return True
        keys = ("model", "messages", "stream") if "messages" in self.request else ("model",)
        return all(body.get(key) == self.request[key] for key in keys if key in self.request)


def chat(model: str, *lines: dict[str, Any] | str, **how: Any) -> Exchange:
    """A streamed chat with `model`; a line given as text is a piece of the answer."""
    parts = [
        {"model": model, "message": {"role": "assistant", "content": line}, "done": False}
        if isinstance(line, str)
        else line
        for line in lines
    ]
    text = "".join(json.dumps(part, ensure_ascii=False) + "\n" for part in parts)
    return Exchange("POST", "/api/chat", text, {"model": model}, content_type=LINES, **how)


def end(reason: str = "stop", tokens: int = 3) -> dict[str, Any]:
    """The last line of a streamed chat."""
    return {
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": reason,
        "eval_count": tokens,
    }


def tags(*models: dict[str, Any]) -> Exchange:
    """The list of the server's models."""
    return Exchange("GET", "/api/tags", json.dumps({"models": models}))


def recorded(path: Path) -> Iterator[tuple[str, Exchange]]:
    """The exchanges of a transcript, with their labels."""
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        request = entry["request"] if isinstance(entry["request"], dict) else None
        yield (
            entry["label"],
            Exchange(
                entry["method"],
                entry["path"],
                entry["response"],
                request,
                entry["status"],
                entry["content_type"] or JSON,
            ),
        )


@dataclass
class StandIn:
    """A running stand-in: where it listens, what it was asked, how many answers were cut short."""

    address: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    left_early: int = 0
    lines_sent: int = 0


@contextmanager
def stand_in(exchanges: Sequence[Exchange]) -> Iterator[StandIn]:
    """Serve `exchanges` on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            state.requests.append(body)
            self._answer(body)

        def _answer(self, body: dict[str, Any] | None) -> None:
            for exchange in exchanges:
                if exchange.fits(self.command, self.path, body):
                    return self._send(exchange)
            self._send(Exchange("", "", "404 page not found", None, 404, "text/plain"))

        def _send(self, exchange: Exchange) -> None:
            data = exchange.response.encode()
            self.send_response(exchange.status)
            self.send_header("Content-Type", exchange.content_type)
            if exchange.content_type != LINES:
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            size = exchange.chunk
            pieces = (
                data.splitlines(keepends=True)
                if size is None
                else [data[start : start + size] for start in range(0, len(data), size)]
            )
            try:
                for piece in pieces:
                    time.sleep(exchange.pause_s)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    state.lines_sent += 1
                if exchange.breaks_off:
                    self.close_connection = True
                    return
                self.wfile.write(b"0\r\n\r\n")
            except (BrokenPipeError, ConnectionResetError):
                state.left_early += 1
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state = StandIn(f"127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()

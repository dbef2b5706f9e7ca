"""A hub on this machine with one data set, `org/name`, for `datasets` to ask as it does the real one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_COMMIT = "a" * 40
_PLACE = "/api/datasets/org/name"


@contextlib.contextmanager
def hub_stand_in(files: dict[str, bytes]) -> Iterator[str]:
    """The address of a hub whose data set has these files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(files))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _answering(files: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    def described(name: str) -> dict[str, object]:
        oid = hashlib.sha1(files[name]).hexdigest()
        return {"type": "file", "path": name, "size": len(files[name]), "oid": oid}

    def listed(folder: str) -> list[dict[str, object]]:
        below = f"{folder}/" if folder else ""
        here = {name: name[len(below) :].split("/") for name in files if name.startswith(below)}
        found = [described(name) for name, parts in here.items() if len(parts) == 1]
        folders = {below + parts[0] for parts in here.values() if len(parts) > 1}
        return found + [{"type": "directory", "path": name, "size": 0, "oid": _COMMIT} for name in folders]

    class Answering(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == "/api/datasets":
                self._answer(b"[]")
            elif path.startswith(f"{_PLACE}/tree/"):
                self._answer(json.dumps(listed(path.split(_COMMIT)[1].strip("/"))).encode())
            elif path == _PLACE or path.startswith(f"{_PLACE}/revision/"):
                siblings = [{"rfilename": name} for name in files]
                about = {"id": "org/name", "sha": _COMMIT, "private": False, "gated": False}
                self._answer(json.dumps({**about, "disabled": False, "siblings": siblings}).encode())
            elif "/resolve/" in path and (file := files.get(path.split("/resolve/")[1].split("/", 1)[1])):
                self._answer(file, ETag=f'"{hashlib.sha1(file).hexdigest()}"')
            else:
                code = "EntryNotFound" if "org/name" in path else "RepoNotFound"
                self._answer(b"{}", 404, **{"X-Error-Code": code})

        do_HEAD = do_GET

        def _answer(self, body: bytes, status: int = 200, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "X-Repo-Commit": _COMMIT}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    return Answering

"""Arrow's own files and streams, which is also what `datasets` keeps.

Format: https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.data.containers.batches import BatchContainer, checked
from workbench.data.source import Source

if TYPE_CHECKING:
    import pyarrow

FILE_MAGIC = b"ARROW1\0\0"
_CONTINUED = b"\xff\xff\xff\xff"
_SCHEMA, _DICTIONARY, _RECORDS = 1, 2, 3
_MOST_METADATA = 256 << 20
_MOST_ROWS = 1 << 40


@dataclass(frozen=True, slots=True)
class _Message:
    """Where a message lies; `rows` is 0 unless it is a record batch."""

    kind: int
    start: int
    length: int
    rows: int


class ArrowFile(BatchContainer):
    """Record batches in a row, with a schema before them; a file has an index behind them, unused here.

    Only what describes the batches is read at first, and then a batch at a time. A memory map would kill
    the process if the file were cut short meanwhile.
    """

    def __init__(self, source: Source, name: str = "Arrow", of: Source | None = None) -> None:
        import pyarrow.ipc

        self.name = name
        # A copy of another file stands in for it.
        self._of = of or source
        self.path = self._of.path
        self._source = source
        start = len(FILE_MAGIC) if source.read(0, len(FILE_MAGIC)) == FILE_MAGIC else 0
        messages, damage = _messages(source, start)
        if not messages or messages[0].kind != _SCHEMA:
            raise self.damaged(damage or "it has no schema")
        self._schema = self._bytes(messages[0])
        self._dictionaries = [message for message in messages if message.kind == _DICTIONARY]
        self._records = [message for message in messages if message.kind == _RECORDS]
        try:
            names = pyarrow.ipc.open_stream(self._schema).schema.names
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise self.damaged(error) from error
        super().__init__(self.path, names, [message.rows for message in self._records])
        self._damage = source.damage or damage
        self.size = source.size
        self.partial = source.partial
        self.decoded = source.decoded
        if self.partial:
            self._damage = None

    def check(self) -> None:
        self._of.check()

    def load(self, index: int) -> pyarrow.RecordBatch:
        import pyarrow.ipc

        records = self._records[index]
        needed = [message for message in self._dictionaries if message.start < records.start]
        stream = b"".join([self._schema, *map(self._bytes, needed), self._bytes(records)])
        return checked(pyarrow.ipc.open_stream(stream).read_next_batch())

    def close(self) -> None:
        self._source.close()
        self._of.close()

    def _bytes(self, message: _Message) -> bytes:
        return self._source.read(message.start, message.length)


def is_stream(head: bytes) -> bool:
    """Whether these are the first bytes of an Arrow stream."""
    return head.startswith(_CONTINUED) and len(head) > 8 and _message(head[8:])[0] == _SCHEMA


def _messages(source: Source, start: int) -> tuple[list[_Message], str | None]:
    """All messages from `start` on, and what is wrong behind the last of them."""
    found: list[_Message] = []
    while start < source.size:
        prefix = source.read(start, 8)
        if len(prefix) < 8:
            return found, "the file ends inside of a batch, so rows are missing"
        if prefix[:4] != _CONTINUED:
            return found, "what follows is no Arrow data"
        (length,) = struct.unpack("<i", prefix[4:])
        if length == 0:
            return found, None
        if not 0 < length <= _MOST_METADATA:
            return found, "what follows is no Arrow data"
        kind, body, rows = _message(source.read(start + 8, length))
        if kind == 0 or body < 0 or not 0 <= rows <= _MOST_ROWS:
            return found, "what follows is no Arrow data"
        whole = 8 + length + body
        if start + whole > source.size:
            return found, "the file ends inside of a batch, so rows are missing"
        found.append(_Message(kind, start, whole, rows))
        start += whole
    return found, None


def _message(metadata: bytes) -> tuple[int, int, int]:
    """Kind, bytes of the body, and rows of a message (a FlatBuffers table); kind 0 if it is none."""
    try:
        (table,) = struct.unpack_from("<I", metadata, 0)
        kind_at, header_at, body_at = (_field(metadata, table, number) for number in (1, 2, 3))
        kind = metadata[kind_at] if kind_at else 0
        (body,) = struct.unpack_from("<q", metadata, body_at) if body_at else (0,)
        rows = 0
        if kind == _RECORDS:
            header = header_at + struct.unpack_from("<I", metadata, header_at)[0]
            rows_at = _field(metadata, header, 0)
            (rows,) = struct.unpack_from("<q", metadata, rows_at) if rows_at else (0,)
    except (struct.error, IndexError):
        return 0, 0, 0
    return kind, body, rows


def _field(data: bytes, table: int, number: int) -> int:
    """Where a field of a FlatBuffers table lies; 0 if it is left out."""
    fields = table - struct.unpack_from("<i", data, table)[0]
    if fields < 0:
        raise struct.error
    (size,) = struct.unpack_from("<H", data, fields)
    entry = 4 + 2 * number
    if entry >= size:
        return 0
    (offset,) = struct.unpack_from("<H", data, fields + entry)
    return table + offset if offset else 0

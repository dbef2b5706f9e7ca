"""Which container a file is, by its content. The name only decides where the content does not."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

from workbench.data.compression import compression_of
from workbench.data.containers.arrow_ipc import FILE_MAGIC, ArrowFile, is_stream
from workbench.data.containers.base import Container
from workbench.data.containers.delimited import DELIMITERS, Delimited, allow_long_fields
from workbench.data.containers.json_lines import JsonLines
from workbench.data.containers.json_list import JsonList
from workbench.data.containers.json_values import plain
from workbench.data.containers.parquet import open_parquet
from workbench.data.containers.text_lines import TextLines
from workbench.data.source import Source
from workbench.errors import WorkbenchError

_BINARY = (
    (b"PK\x03\x04", "a zip archive or an office document", "Unpack it, or save it as CSV or JSON."),
    (b"FEA1", "a Feather file of the first version", "Save it as Parquet or Arrow."),
    (b"GGUF", "a GGUF model", "Give a file with rows."),
    (b"%PDF", "a PDF document", "Give a file with rows."),
    (b"\x89PNG", "a picture", "Give a file with rows."),
    (b"\xff\xd8\xff", "a picture", "Give a file with rows."),
    (b"SQLite format 3", "a SQLite database", "Export its table as CSV."),
)
_FIRST_LINES = 20
_JSON_NAMES = (".json", ".jsonl", ".ndjson")
_TABLE_NAMES = (".csv", ".tsv")
_OBJECT_START = re.compile(r'\{\s*"[^"\n]*"\s*:')
_HEADER_NAME = re.compile(r"[\w][\w .()/-]{0,39}")
# A header with one of these is taken for one even where a comma could be the text's own.
_KNOWN_COLUMNS = frozenset(
    (
        *("instruction", "input", "output", "system", "history", "text", "messages", "conversations"),
        *("prompt", "completion", "response", "question", "answer", "chosen", "rejected", "label", "title"),
    )
)

# Under these a file keeps its rows, though their columns may have any name.
_WRAPPERS = ("data", "rows", "examples", "items", "records", "samples", "train")
# Single values of an object, then a list of objects that are no turns of a conversation.
_WRAPPER_START = re.compile(
    r'\{\s*(?:"[^"]*"\s*:\s*(?:"[^"]*"|[\w.+-]+)\s*,\s*)*'
    rf'"(?P<key>{"|".join(_WRAPPERS)})"\s*:\s*\[\s*\{{\s*"(?!role"|from")'
)


def open_container(
    path: Path,
    *,
    first: int | None = None,
    text_cache: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Container:
    """The rows of `path`, not yet gone through.

    Args:
        path: the file; its content decides what it is.
        first: look at no more than about so many bytes, for a quick first look.
        text_cache: the file in which decompressed or re-encoded text is kept.
        progress: told the share, 0 to 1, of such decoding; what it raises stops it.

    Raises:
        WorkbenchError: there is no such file, it holds no rows, or nothing that is known here.
    """
    source = Source(path, first=first, text_cache=text_cache, progress=progress)
    try:
        return _container(path, source, first, text_cache, progress)
    except BaseException:
        source.close()
        raise


def _container(
    path: Path,
    source: Source,
    first: int | None,
    text_cache: Path | None,
    progress: Callable[[float], None] | None,
) -> Container:
    head = source.head()
    if head.startswith(b"PAR1"):
        if source.partial:
            # Compressed as a whole: its beginning says nothing without its end.
            source.close()
            source = Source(path, text_cache=text_cache, progress=progress)
        copy = text_cache.with_suffix(".arrow") if text_cache else None
        return open_parquet(source, first=first is not None, text_cache=copy, progress=progress)
    if head.startswith(FILE_MAGIC) or is_stream(head):
        return ArrowFile(source)
    _refuse_binary(path, head, source)
    text = head.decode("utf-8", "replace")
    start = text.lstrip()
    if not start and len(text) == source.size:
        raise WorkbenchError("the file is blank", where=str(path), remedy="Give a file with rows.")
    suffix = path.suffix.lower()
    if start.startswith("["):
        inner = start[1:].lstrip()
        if suffix in _JSON_NAMES or (inner[:1] in ("{", "]") and _is_list(inner)):
            return JsonList(source)
    complete = source.size <= len(head)
    if start.startswith("{"):
        _refuse_wrapped_rows(path, start, complete=complete)
    if _has_json_line(start):
        return JsonLines(source)
    if source.encoding.mark == 0 and _looks_random(head[:4096]):
        raise _binary(path)
    if start.startswith("{"):
        _refuse_single_object(path, start, complete=complete)
    if _OBJECT_START.match(start):
        return JsonLines(source)
    if delimiter := _delimiter(text, suffix):
        return Delimited(source, delimiter)
    return JsonLines(source) if suffix in _JSON_NAMES else TextLines(source)


def _refuse_binary(path: Path, head: bytes, source: Source) -> None:
    for magic, what, remedy in _BINARY:
        if head.startswith(magic):
            raise WorkbenchError(f"this is {what}, not rows of text", where=str(path), remedy=remedy)
    if source.compression and compression_of(head):
        problem = "what is compressed in it is compressed itself"
        raise WorkbenchError(problem, where=str(path), remedy="Decompress it once.")
    start = head[:4096]
    controls = sum(byte < 9 or (13 < byte < 32 and byte != 27) for byte in start)
    if source.encoding.mark == 0 and source.encoding.codec == "utf-8" and controls > len(start) / 5:
        raise _binary(path)


def _binary(path: Path) -> WorkbenchError:
    remedy = "Give JSON, JSON Lines, CSV, Parquet or text."
    return WorkbenchError("this is a binary file, not rows of text", where=str(path), remedy=remedy)


def _looks_random(start: bytes) -> bool:
    """Whether bytes that are no UTF-8 and control characters both abound.

    A text in another encoding has the first without the second, a log from a terminal the reverse.
    """
    text = start.decode("utf-8", "replace")
    undecoded = text.count("\ufffd") - start.count("\ufffd".encode())
    controls = sum(byte < 9 or (13 < byte < 32 and byte != 27) for byte in start)
    return undecoded > len(text) / 10 and controls > len(start) / 25


def _is_list(inner: str) -> bool:
    """Whether what follows a bracket is a JSON list of objects, as far as can be told."""
    if inner.startswith("]"):
        return not inner[1:].strip()
    try:
        json.JSONDecoder().raw_decode(inner)
    except (ValueError, RecursionError):
        return re.match(r'\{\s*"', inner) is not None
    return True


def _has_json_line(text: str) -> bool:
    """Whether one of the first lines is a JSON object by itself."""
    for line in text.split("\n", _FIRST_LINES)[:_FIRST_LINES]:
        stripped = line.strip()
        if stripped.startswith("{") and stripped.endswith("}"):
            try:
                if isinstance(json.loads(stripped), dict):
                    return True
            except RecursionError:
                return True
            except ValueError:
                continue
    return False


def _refuse_single_object(path: Path, text: str, *, complete: bool) -> None:
    """One JSON object over several lines is no list of rows, though it may hold or name one."""
    spread = text.split("\n", 1)[0].strip() == "{"
    where = str(path)
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except RecursionError:
        return
    except ValueError as error:
        if spread and complete and isinstance(error, json.JSONDecodeError):
            problem = f"this is broken JSON: {plain(error)} on line {error.lineno:,}, column {error.colno:,}"
            raise WorkbenchError(problem, where=where, remedy="Mend it there, or write it again.") from None
        if not spread:
            return
        value, end = {}, len(text)
    if complete and text[end:].strip():
        if spread:
            raise WorkbenchError(
                "each JSON object takes several lines",
                where=where,
                remedy="Write one object a line, or put commas between them and [ and ] around them all.",
            )
        return
    registry = {"file_name", "hf_hub_url", "ms_hub_url", "script_url", "cloud_file_name"}
    entries = [entry for entry in value.values() if isinstance(entry, dict)]
    if entries and all(registry & entry.keys() for entry in entries):
        raise WorkbenchError(
            f"this is a registry of {len(entries):,} data sets (LLaMA-Factory's dataset_info.json), not rows",
            where=where,
            remedy=f"Open one of the files that it names, or one entry: {path.name}#NAME.",
        )
    lists = [key for key, inner in value.items() if isinstance(inner, list) and inner]
    raise _single_object(path, _key_of_rows(value) or (lists[0] if lists else None))


def _single_object(path: Path, key: str | None) -> WorkbenchError:
    remedy = f"Its rows are in {key!r}: save that list as a file of its own." if key else ""
    problem = "the file holds one JSON object, not a list of rows"
    return WorkbenchError(problem, where=str(path), remedy=remedy or "Put [ and ] around it.")


def _refuse_wrapped_rows(path: Path, text: str, *, complete: bool) -> None:
    """One object on one line may be a row, unless all it does is to hold the list of rows."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except RecursionError:
        return
    except ValueError:
        begins = _WRAPPER_START.match(text)
        if complete or "\n" in text or not begins:
            return
        value, end = {begins["key"]: [{}]}, len(text)
    if not text[end:].strip() and (key := _key_of_rows(value)):
        raise _single_object(path, key)


def _key_of_rows(value: dict[str, object]) -> str | None:
    """Under which key an object that is no row itself holds a list of rows."""
    if any(name.lower() in _KNOWN_COLUMNS for name in value):
        return None
    for key, inner in value.items():
        if not isinstance(inner, list) or not inner or not all(isinstance(row, dict) for row in inner):
            continue
        names = {name.lower() for row in inner[:_FIRST_LINES] for name in row}
        if not names & {"role", "from"} and (key.lower() in _WRAPPERS or names & _KNOWN_COLUMNS):
            return key
    return None


def _delimiter(text: str, suffix: str) -> str | None:
    """What stands between the fields, if the text is a table with a header."""
    found: tuple[int, str] | None = None
    for delimiter in DELIMITERS:
        columns = _columns(text, delimiter, named=suffix in _TABLE_NAMES)
        if columns and (found is None or columns > found[0]):
            found = (columns, delimiter)
    if found:
        return found[1]
    if suffix in _TABLE_NAMES:
        return "\t" if suffix == ".tsv" else ","
    return None


def _columns(text: str, delimiter: str, *, named: bool) -> int:
    """How many columns the text has with this delimiter; 0 if it does not look like a table."""
    allow_long_fields()
    widths: list[int] = []
    header: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for fields in reader:
            if not fields:
                continue
            header = header or fields
            widths.append(len(fields))
            if len(widths) > _FIRST_LINES:
                break
    except csv.Error:
        pass
    width = len(header)
    if width < 2 or len(widths) < 2:
        return 0
    if named:
        return width
    names = [name.strip() for name in header]
    known = any(name.lower() in _KNOWN_COLUMNS for name in names)
    if sum(other == width for other in widths) < 0.9 * len(widths):
        return 0
    if len(set(names)) < width or not all(map(_HEADER_NAME.fullmatch, names)):
        return 0
    # Prose has commas with a space behind them; two columns may be chance.
    prose = any(name != name.strip() for name in header) or width == 2
    return width if known or not prose else 0

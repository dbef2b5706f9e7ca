"""The sample set: short questions whose answers all have the same two lines.

    In short: the answer          简答：…
    Why: the reason               原因：…

A base model never answers like that, so one look at an answer tells whether the training took.
176 conversations to train on and 24 held out, English and Chinese; no question is in both.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Literal

from workbench import paths
from workbench.atomic import replace_bytes

TRAIN_FILE = "short_answers.train.jsonl"
HELD_OUT_FILE = "short_answers.heldout.jsonl"

Language = Literal["English", "Chinese"]

_TWO_LINES = {
    "English": re.compile(r"In short: ?\S.*\nWhy: ?\S.*\s*"),
    "Chinese": re.compile(r"简答：\S.*\n原因：\S.*\s*"),
}
_HAN = re.compile(r"[一-鿿]")


def write_samples() -> tuple[Path, Path]:
    """Write the set to the samples folder, where it is opened like any other file.

    Returns:
        the file of training rows, and the file of held-out rows.

    Raises:
        WorkbenchError: the folder cannot be written.
    """
    written = []
    for name in (TRAIN_FILE, HELD_OUT_FILE):
        target = paths.samples_dir() / name
        content = packaged(name)
        if not target.is_file() or target.read_bytes() != content:
            replace_bytes(target, content)
        written.append(target)
    return written[0], written[1]


def packaged(name: str) -> bytes:
    """A file of the set as it came with the program."""
    return files("workbench.demo").joinpath(name).read_bytes()


def held_out_questions() -> dict[Language, list[tuple[str, str]]]:
    """The held-out questions of one turn with their reference answers, by language, in file order."""
    found: dict[Language, list[tuple[str, str]]] = {"English": [], "Chinese": []}
    for line in packaged(HELD_OUT_FILE).decode("utf-8").splitlines():
        messages = json.loads(line)["messages"]
        if [message["role"] for message in messages] == ["user", "assistant"]:
            question, answer = (message["content"] for message in messages)
            found[language_of(question)].append((question, answer))
    return found


def language_of(text: str) -> Language:
    """Chinese if there is a Chinese character in it."""
    return "Chinese" if _HAN.search(text) else "English"


def has_two_lines(answer: str, language: Language) -> bool:
    """Whether an answer has the form that the set teaches."""
    return _TWO_LINES[language].fullmatch(answer.strip()) is not None

"""The held-out rows that a comparison reads, and the questions it asks of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.data.conversation import BadRow, Conversation
from workbench.data.dataset import Dataset
from workbench.data.prepare import open_for_training, split
from workbench.data.tokens.encode import encode, supervised
from workbench.data.tokens.encoded import Encoded, RowDropped
from workbench.errors import WorkbenchError
from workbench.models.find import ModelRef
from workbench.quantize.plan import ComparisonPlan
from workbench.recipe.files import load_recipe
from workbench.runs.directory import find_run

# Where a row is plain text, its beginning is the question.
TEXT_OPENING_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Question:
    """A held-out row up to its last answer: as token ids and as text, with the answer that the row holds."""

    row: int
    ids: list[int]
    prompt: str
    reference: str


@dataclass(slots=True)
class HeldOut:
    """Rows to score, and questions to answer. `skipped` are the rows that were passed over."""

    source: Path
    rows: list[Encoded] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    skipped: list[BadRow] = field(default_factory=list)


def find_rows(plan: ComparisonPlan, ref: ModelRef) -> tuple[Dataset, Sequence[int]]:
    """The plan's file and the numbers of its good rows; without one, what the model's run held out.

    Raises:
        WorkbenchError: the file cannot be used, or there is none and no run to take its rows from.
    """
    if plan.rows:
        dataset = open_for_training(plan.rows)
        return dataset, dataset.good_rows
    if ref.run is None:
        raise WorkbenchError(
            "no file of held-out rows is given", where="rows", remedy="Give rows that were not trained on."
        )
    recipe = load_recipe(find_run(ref.run).recipe_file)
    if recipe.eval_dataset:
        dataset = open_for_training(recipe.eval_dataset, recipe.dataset_format)
        return dataset, dataset.good_rows[: recipe.max_samples]
    if not recipe.val_size:
        raise WorkbenchError(
            f"{ref.run} held no rows out",
            where="rows",
            remedy="Give a file of rows that it was not trained on.",
        )
    dataset = open_for_training(recipe.dataset, recipe.dataset_format)
    good = dataset.good_rows[: recipe.max_samples]
    return dataset, split(good, recipe.val_size, recipe.seed, dataset)[1]


def held_out_rows(plan: ComparisonPlan, ref: ModelRef, tokenizer: Any) -> HeldOut:
    """The first `plan.count` of the rows that have an answer, encoded as for training.

    Raises:
        WorkbenchError: as `find_rows` does, or no row has an answer within the cutoff.
    """
    dataset, numbers = find_rows(plan, ref)
    found = HeldOut(dataset.path)
    for number in numbers:
        conversation = supervised(dataset.conversation(number))
        try:
            encoded = encode(conversation, tokenizer, cutoff_len=plan.cutoff_len)
        except RowDropped as dropped:
            found.skipped.append(BadRow(number, dropped.reason))
            continue
        found.rows.append(encoded)
        if len(found.questions) < plan.prompts and (asked := _question(conversation, encoded, tokenizer)):
            found.questions.append(asked)
        if len(found.rows) == plan.count:
            break
    if not found.rows:
        first = found.skipped[0]
        raise WorkbenchError(
            f"no row can be compared (row {first.row}: {first.reason})",
            where=str(dataset.path),
            remedy="Raise cutoff_len, or give rows with answers.",
        )
    return found


def _question(conversation: Conversation, encoded: Encoded, tokenizer: Any) -> Question | None:
    """The row as a question; None where the cutoff leaves nothing to ask."""
    ids, row = encoded.input_ids, conversation.row
    if conversation.text is not None:
        opening = min(TEXT_OPENING_TOKENS, len(ids) // 2)
        prompt, reference = (
            tokenizer.decode(part, skip_special_tokens=True) for part in (ids[:opening], ids[opening:])
        )
        return Question(row, ids[:opening], prompt, reference) if opening else None
    answers = [span for span in encoded.spans if span.trained and 0 < span.start < len(ids)]
    if not answers:
        return None
    start, message = answers[-1].start, answers[-1].message
    before = conversation.messages[:message]
    return Question(
        row, ids[:start], before[-1].content if before else "", conversation.messages[message].content
    )

"""What a cutoff and a template spoil, told as what else may be wrong with the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.figures import count

if TYPE_CHECKING:
    from workbench.data.health.report import Finding
    from workbench.data.tokens.statistics import TokenStatistics

CUT, ENDLESS, UNTRAINED = "rows cut off", "answers that lose their end", "rows not trained"
IN_PART, LOST_CHARACTERS = "rows trained in part", "rows that lose characters"
SPECIAL_TEXT = "special tokens as text"
TITLES = (CUT, ENDLESS, UNTRAINED, IN_PART, LOST_CHARACTERS, SPECIAL_TEXT)


def token_findings(statistics: TokenStatistics) -> list[Finding]:
    """One finding for each of TITLES, whether there are such rows or not."""
    from workbench.data.health.report import Finding

    cutoff = count(statistics.cutoff_len)
    told = {
        CUT: (
            statistics.cut_rows,
            f"They have more than {cutoff} tokens: what lies behind is not trained.",
        ),
        ENDLESS: (
            statistics.eos_lost_rows,
            "The end-of-turn token is cut off, or the template writes none: the model may never stop.",
        ),
        UNTRAINED: (
            statistics.untrained_rows_numbers,
            "The template refuses them, or the cutoff leaves nothing of their answers; b gives the reasons.",
        ),
        IN_PART: (
            statistics.partly_trained_rows,
            "The template hides some of their answers, or changes them: those are not trained.",
        ),
        LOST_CHARACTERS: (
            statistics.lost_character_rows,
            "They hold characters that the model's vocabulary lacks: it will not read them.",
        ),
        SPECIAL_TEXT: (
            statistics.special_text_rows,
            "A text holds a special token such as <|im_end|>, which is read as that token and not as text.",
        ),
    }
    return [Finding(title, title, len(rows), rows, True, why) for title, (rows, why) in told.items()]

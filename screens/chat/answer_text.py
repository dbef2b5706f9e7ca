"""The text of an answer as Markdown, appended to while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Markdown

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

# Links and pictures stand as they were written: their addresses are part of what the model said. So does
# HTML, and indented or underlined lines are just that.
_LEFT_AS_WRITTEN = ["link", "image", "autolink", "linkify", "reference", "lheading", "code", "entity"]


class AnswerText(Markdown):
    """Markdown as models write it: one line break is a line break, and nothing is swallowed."""

    DEFAULT_CSS = """
    AnswerText { padding: 0; margin: 0; }
    AnswerText MarkdownHeader { margin: 1 0 0 0; content-align: left middle; text-style: bold; }
    AnswerText MarkdownFence { margin: 0 0 1 0; background: $surface; overflow: hidden; }
    AnswerText MarkdownFence > Label { padding: 0 1; width: 100%; }
    AnswerText MarkdownParagraph, AnswerText MarkdownBlockQuote { margin: 0; }
    AnswerText > MarkdownParagraph, AnswerText > MarkdownList, AnswerText > MarkdownBlockQuote {
        margin: 0 0 1 0;
    }
    AnswerText > MarkdownBlock:last-child { margin-bottom: 0; }
    """

    def __init__(self) -> None:
        super().__init__(parser_factory=_parser, open_links=False)


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("gfm-like", {"html": False, "linkify": False})
    parser.disable(_LEFT_AS_WRITTEN, ignoreInvalid=True)
    parser.core.ruler.push("as_written", _as_written)
    return parser


def _as_written(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "fence" and not token.info.strip():
            # The widget would try every lexer it knows to guess the language, at every new token.
            token.info = "text"
        for child in token.children or ():
            if child.type == "softbreak":
                child.type = "hardbreak"

"""Chat templates that only write contents, and never look into them.

Rendering a template takes far longer than joining strings. Where the template's program shows that the
contents reach its output and nothing else, the text around them depends on the roles alone, and is rendered
once for each succession of roles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateError, nodes

_PLANE = 0xF0000
_PLACEHOLDERS = re.compile(f"([{chr(_PLANE)}-{chr(_PLANE + 0xFFFD)}])")
_MOST_MESSAGES = 0xFFFD
_MOST_KEPT = 2_000
_ALWAYS_THE_SAME_OF_TEXT = {"string", "defined", "undefined", "none", "mapping", "iterable", "sequence"}
_OF_A_LOOP = {"first", "last", "index", "index0", "revindex", "revindex0", "length"}
_FUNCTIONS = {"raise_exception", "namespace", "range"}
# What is another thing each time, or holds messages.
_UNSTEADY = {"strftime_now", "lipsum", "cycler", "joiner", "loop"}
_HARMLESS = (
    *(nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.BinExpr),
    *(nodes.UnaryExpr, nodes.Concat, nodes.Test, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair),
    *(nodes.CondExpr, nodes.Keyword, nodes.Slice),
)


class Skeletons:
    """Texts of one tokenizer's template without the contents, by the roles of the messages."""

    def __init__(self, template: str) -> None:
        self._plain = _only_writes(template) and not _PLACEHOLDERS.search(template)
        self._kept: dict[tuple[object, ...], list[str | int]] = {}

    def text(
        self, messages: Sequence[dict[str, Any]], ask: bool, render: Callable[[list[dict[str, Any]]], str]
    ) -> str | None:
        """What `render` would make of the messages; None where it has to be asked.

        Args:
            ask: whether `render` adds the generation prompt.
        """
        if not self._plain or not 0 < len(messages) <= _MOST_MESSAGES:
            return None
        contents = []
        for message in messages:
            content = message["content"]
            # Trimming leaves such a content as it is, and it counts as true.
            if len(message) != 2 or not content or content[0].isspace() or content[-1].isspace():
                return None
            contents.append(content)
        key = (ask, *(message["role"] for message in messages))
        skeleton = self._kept.get(key)
        if skeleton is None:
            if not all(str(message["role"]).isascii() for message in messages):
                return None
            marked = [{**message, "content": chr(_PLANE + at)} for at, message in enumerate(messages)]
            parts = _PLACEHOLDERS.split(render(marked))
            skeleton = [ord(part) - _PLANE if at % 2 else part for at, part in enumerate(parts)]
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = skeleton
        return "".join([part if isinstance(part, str) else contents[part] for part in skeleton])


@lru_cache(maxsize=32)
def _only_writes(template: str) -> bool:
    """Whether no message's content can change what is written around it."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    try:
        tree = environment.parse(template)
    except TemplateError:
        return False
    return _Reading(tree).only_writes()


class _Reading:
    """Follows messages and contents through a template, by the names that may stand for them."""

    def __init__(self, tree: nodes.Template) -> None:
        self._tree = tree
        self._lists = {"messages"}
        self._messages: set[str] = set()
        self._contents: set[str] = set()

    def only_writes(self) -> bool:
        sizes = None
        while sizes != (sizes := (len(self._lists), len(self._messages), len(self._contents))):
            self._find_names()
        names = [*self._lists, *self._messages, *self._contents]
        return len(names) == len(set(names)) and self._all(self._tree.body)

    def _find_names(self) -> None:
        for loop in self._tree.find_all(nodes.For):
            if self._is_list(loop.iter) and isinstance(loop.target, nodes.Name):
                self._messages.add(loop.target.name)
        for assignment in self._tree.find_all(nodes.Assign):
            if isinstance(assignment.target, nodes.Name):
                name, value = assignment.target.name, assignment.node
                if self._is_list(value):
                    self._lists.add(name)
                elif self._is_message(value):
                    self._messages.add(name)
                elif not self._is_harmless(value):
                    self._contents.add(name)

    def _all(self, statements: Sequence[nodes.Node]) -> bool:
        return all(map(self._statement, statements))

    def _statement(self, node: nodes.Node) -> bool:
        match node:
            case nodes.Output():
                return all(isinstance(part, nodes.TemplateData) or self._writes(part) for part in node.nodes)
            case nodes.For():
                known = self._is_list(node.iter) and isinstance(node.target, nodes.Name)
                tested = node.test is None or self._decides(node.test)
                inside = self._all(node.body) and self._all(node.else_)
                return (known or self._is_harmless(node.iter)) and tested and inside and not node.recursive
            case nodes.If():
                return self._decides(node.test) and all(
                    self._all(part) for part in (node.body, node.elif_, node.else_)
                )
            case nodes.Assign(target=nodes.Name()):
                known = self._is_list(node.node) or self._is_message(node.node)
                return known or self._writes(node.node)
            case nodes.Assign():
                return self._is_harmless(node.node)
            case _:
                return isinstance(node, nodes.Continue | nodes.Break)

    def _writes(self, node: nodes.Node) -> bool:
        """Whether the value is made of contents only by joining them with other text."""
        match node:
            case nodes.Add():
                return self._writes(node.left) and self._writes(node.right)
            case nodes.Concat():
                return all(map(self._writes, node.nodes))
            case nodes.Filter(name="trim", args=[], kwargs=[]) if node.node is not None:
                return self._writes(node.node)
            case nodes.CondExpr():
                ends = [node.expr1] + ([node.expr2] if node.expr2 else [])
                return self._decides(node.test) and all(map(self._writes, ends))
            case _:
                return self._is_content(node) or self._is_harmless(node)

    def _decides(self, node: nodes.Node) -> bool:
        """Whether the outcome of a test is the same for all contents, which are never empty."""
        match node:
            case nodes.And() | nodes.Or():
                return self._decides(node.left) and self._decides(node.right)
            case nodes.Not():
                return self._decides(node.node)
            case _:
                return self._is_message_content(node) or self._is_harmless(node)

    def _is_harmless(self, node: nodes.Node) -> bool:
        """Whether no content is looked at."""
        match node:
            case nodes.Test() if self._is_message_content(node.node):
                return node.name in _ALWAYS_THE_SAME_OF_TEXT
            case nodes.Name():
                return node.name not in self._lists | self._messages | self._contents | _UNSTEADY
            case nodes.Getattr() | nodes.Getitem() if self._is_message(node.node):
                key = _key(node)
                return isinstance(key, str) and key != "content" and not hasattr(dict, key)
            case nodes.Getattr(node=nodes.Name(name="loop")):
                return node.attr in _OF_A_LOOP
            case nodes.Getattr():
                return self._is_harmless(node.node)
            case nodes.Getitem():
                return self._is_harmless(node.node) and self._is_harmless(node.arg)
            case nodes.Filter(name="length" | "count", args=[], kwargs=[]) if node.node is not None:
                return self._is_list(node.node) or self._is_harmless(node.node)
            case nodes.Filter():
                return node.name != "random" and all(map(self._is_harmless, node.iter_child_nodes()))
            case nodes.Call():
                known = not isinstance(node.node, nodes.Name) or node.node.name in _FUNCTIONS
                return known and all(map(self._is_harmless, node.iter_child_nodes()))
            case _:
                return isinstance(node, _HARMLESS) and all(map(self._is_harmless, node.iter_child_nodes()))

    def _is_list(self, node: nodes.Node) -> bool:
        match node:
            case nodes.Name():
                return node.name in self._lists
            case nodes.Getitem(arg=nodes.Slice()):
                return self._is_list(node.node) and self._is_harmless(node.arg)
        return False

    def _is_message(self, node: nodes.Node) -> bool:
        match node:
            case nodes.Name():
                return node.name in self._messages
            case nodes.Getitem() if not isinstance(node.arg, nodes.Slice):
                return self._is_list(node.node) and self._is_harmless(node.arg)
        return False

    def _is_content(self, node: nodes.Node) -> bool:
        named = isinstance(node, nodes.Name) and node.name in self._contents
        return named or self._is_message_content(node)

    def _is_message_content(self, node: nodes.Node) -> bool:
        match node:
            case nodes.Getattr() | nodes.Getitem():
                return _key(node) == "content" and self._is_message(node.node)
        return False


def _key(node: nodes.Getattr | nodes.Getitem) -> object:
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) else None

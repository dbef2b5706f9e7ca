"""A model in this process, answering with its adapter and without."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch

from workbench.chat.backend import Backend, ContextFull, Sampling
from workbench.chat.choosing import chooser
from workbench.data.conversation import Message
from workbench.data.tokens.characters import CharacterStream
from workbench.data.tokens.tokenizer import load_tokenizer
from workbench.errors import WorkbenchError
from workbench.figures import count
from workbench.models.find import ModelRef, find_model
from workbench.models.generation import context_limit, generate, stop_ids
from workbench.models.load import load_model


class LocalModel:
    """One model in memory, and the backends that speak for it.

    The lock is held for one pass through the model at a time, so that two answers can grow side by
    side, one of the adapter and one of the base, over the same weights.
    """

    def __init__(self, ref: ModelRef, model: Any, tokenizer: Any) -> None:
        self.ref = ref
        self.has_adapter = ref.adapter is not None
        self.context_limit = context_limit(model)
        self._model = model
        self._tokenizer = tokenizer
        self._stops = stop_ids(model, tokenizer)
        self._lock = threading.Lock()
        self._adapter_is_on = self.has_adapter

    @classmethod
    def load(cls, name: str, progress: Callable[[str], None] = lambda _: None) -> LocalModel:
        """Load the model that `name` means: a folder, a run's id, a held model or a hub id.

        Raises:
            WorkbenchError: it is not there, cannot be loaded, or does not fit into memory.
        """
        ref = find_model(name)
        progress("reading the tokenizer")
        tokenizer = load_tokenizer(ref.base)
        return cls(ref, load_model(ref, progress=progress), tokenizer)

    def backend(self, adapter: bool = True) -> Backend:
        """Who answers: the model with its adapter, or (`adapter` False) its base."""
        return _LocalBackend(self, adapter and self.has_adapter)

    def close(self) -> None:
        """Give the memory back. Backends of this model cannot answer afterwards."""
        with self._lock:
            self._model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The token ids of `messages` under the chat template, with the opening of an answer behind.

        Raises:
            ContextFull: they leave no room for an answer.
            WorkbenchError: there are no messages, or the template refuses them.
        """
        if not messages:
            raise WorkbenchError("there is nothing to answer", remedy="Type a message first.")
        import jinja2

        try:
            ids: list[int] = self._tokenizer.apply_chat_template(
                [{"role": message.role, "content": message.content} for message in messages],
                add_generation_prompt=True,
                tokenize=True,
                return_dict=False,
            )
        except jinja2.TemplateError as error:
            raise WorkbenchError(
                f"the model's chat template refuses this conversation ({error})",
                remedy="Some templates know no system prompt, or want user and assistant in turn.",
            ) from error
        if self.context_limit and len(ids) >= self.context_limit:
            raise ContextFull(
                f"the conversation is {count(len(ids))} tokens long, and the model's context holds "
                f"{count(self.context_limit)}",
                remedy="Start a new conversation, or shorten it.",
            )
        return ids

    def answer(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        stop: threading.Event,
        *,
        adapter: bool,
        on_token: Callable[[], None] = lambda: None,
    ) -> Iterator[str]:
        """Text pieces of an answer; see `Backend.stream`. `on_token` is called for each token of it."""
        prompt = self.prompt(messages)
        limit = self.context_limit
        room = limit - len(prompt) if limit else sampling.max_new_tokens
        tokens = generate(
            self._held(),
            prompt,
            chooser(sampling, prompt),
            turn=lambda: self._turn(adapter),
            stopped=stop.is_set,
        )
        characters = CharacterStream(self._tokenizer)
        for token in islice(tokens, min(sampling.max_new_tokens, room)):
            if token in self._stops:
                break
            on_token()
            if piece := characters.push(token):
                yield piece
            if stop.is_set():
                return
        else:
            if room < sampling.max_new_tokens and not stop.is_set():
                if piece := characters.flush():
                    yield piece
                raise ContextFull(
                    f"the answer ends here: the model's context of {count(limit or 0)} tokens is full",
                    remedy="Start a new conversation, or shorten it.",
                )
        if piece := characters.flush():
            yield piece

    def _held(self) -> Any:
        if self._model is None:
            raise WorkbenchError("this model has been closed", remedy="Load it again.")
        return self._model

    @contextmanager
    def _turn(self, adapter: bool) -> Iterator[None]:
        with self._lock:
            model = self._held()
            if self.has_adapter and adapter != self._adapter_is_on:
                # peft's own context manager goes through all layers at each entry, 20 ms for 210 of them.
                tuner = model.base_model
                (tuner.enable_adapter_layers if adapter else tuner.disable_adapter_layers)()
                self._adapter_is_on = adapter
            yield


class _LocalBackend:
    """A `Backend` over a shared `LocalModel`."""

    def __init__(self, model: LocalModel, adapter: bool) -> None:
        self._model = model
        self._adapter = adapter
        self.name = model.ref.name if adapter or not model.has_adapter else model.ref.base.name
        self.tokens = 0

    def stream(self, messages: Sequence[Message], sampling: Sampling, stop: threading.Event) -> Iterator[str]:
        self.tokens = 0
        return self._model.answer(messages, sampling, stop, adapter=self._adapter, on_token=self._count)

    def _count(self) -> None:
        self.tokens += 1

    def close(self) -> None:
        """The model is shared: `LocalModel.close` frees it."""

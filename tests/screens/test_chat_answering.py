"""Answers in their thread: in turn, stopped, failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from screens.chat.answering import Answer, answer_in_turn
from workbench.chat.backend import Sampling
from workbench.data.conversation import Message
from workbench.errors import WorkbenchError


class Speaker:
    """A backend that says the given pieces, each when `allowed` is released once."""

    def __init__(self, *pieces: str, error: Exception | None = None) -> None:
        self.name = "speaker"
        self.tokens = 0
        self.allowed = threading.Semaphore(0)
        self._pieces, self._error = pieces, error

    def stream(self, messages: Sequence[Message], sampling: Sampling, stop: threading.Event) -> Iterator[str]:
        for piece in self._pieces:
            while not self.allowed.acquire(timeout=0.01):
                if stop.is_set():
                    return
            self.tokens += 2
            yield piece
        if self._error:
            raise self._error

    def close(self) -> None:
        pass


def ask(speaker: Speaker, stop: threading.Event | None = None) -> Answer:
    return Answer(speaker, [Message("user", "?")], Sampling(), stop or threading.Event())


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_second_waits_until_the_first_has_ended() -> None:
    one, two = Speaker("a", "b"), Speaker("c")
    first, second = ask(one), ask(two)
    answer_in_turn([first, second])
    one.allowed.release()
    two.allowed.release()
    until(lambda: first.state == "writing")
    assert (first.take(), second.state) == ("a", "waiting")
    one.allowed.release()
    until(lambda: second.ended)
    assert (first.take(), second.take(), first.text) == ("b", "c", "ab")
    assert (first.state, second.state) == ("done", "done")


def test_figures_count_tokens_not_pieces() -> None:
    speaker = Speaker("a", "b", "c")
    answer = ask(speaker)
    answer_in_turn([answer])
    until(lambda: answer.state == "reading")
    time.sleep(0.05)
    for _ in range(3):
        speaker.allowed.release()
        time.sleep(0.05)
    until(lambda: answer.ended)
    assert answer.tokens == 6
    assert answer.first_token_s and 0.05 <= answer.first_token_s < 1
    # The first piece's tokens belong to the time to the first token, not to the rate after it.
    assert answer.tokens_per_s and 20 < answer.tokens_per_s < 45
    seconds = answer.seconds
    time.sleep(0.02)
    assert answer.seconds == seconds  # it stands


def test_a_stop_ends_the_one_and_spares_the_other() -> None:
    stop = threading.Event()
    one, two = Speaker("a", "b"), Speaker("c")
    first, second = ask(one, stop), ask(two, stop)
    answer_in_turn([first, second])
    one.allowed.release()
    until(lambda: first.state == "writing")
    stop.set()
    until(lambda: second.ended)
    assert (first.state, first.text) == ("stopped", "a")
    assert (second.state, second.text, second.seconds) == ("stopped", "", 0)


def test_whatever_goes_wrong_is_a_sentence_and_the_next_is_asked() -> None:
    speakers = [
        Speaker("a", error=WorkbenchError("the model is tired", remedy="Let it rest.")),
        Speaker(error=RuntimeError("mat1 and mat2")),
        Speaker("fine"),
    ]
    answers = [ask(speaker) for speaker in speakers]
    for speaker in speakers:
        speaker.allowed.release()
    answer_in_turn(answers)
    until(lambda: answers[-1].ended)
    assert [answer.state for answer in answers] == ["failed", "failed", "done"]
    assert answers[0].problem == "the model is tired. Let it rest."
    assert answers[0].text == "a"  # what came before stands
    assert answers[1].problem == "The model could not answer: RuntimeError: mat1 and mat2"

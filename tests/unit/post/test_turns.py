from dataclasses import replace
from pathlib import Path

import pytest

from firmware_py.post.queued_letter import LetterId, LetterState, QueuedLetter
from firmware_py.post.turns import to_try

NOW = 1_795_219_200.0


def letters(*told):
    """Letters 1, 2, … of a state, a recipient, seconds until the next try, and whether they wait for the server."""
    blank = QueuedLetter(LetterId(0), Path("s"), "", "", NOW, LetterState.DUE, "", 0, 0, False, "")
    return [
        replace(blank, id=LetterId(n), state=state, recipient=who, next_try=NOW + wait_s, server_wide=wide)
        for n, (state, who, wait_s, wide) in enumerate(told, 1)
    ]


W, D, S, N, X, C = (
    LetterState.WAITING,
    LetterState.DUE,
    LetterState.SENDING,
    LetterState.NEEDS_A_PERSON,
    LetterState.DELIVERED,
    LetterState.CANCELLED,
)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ([(D, "a", 0, False), (S, "b", 0, False), (N, "c", 0, True), (X, "d", 0, False), (C, "e", 0, False)], [1, 2]),
        ([(W, "a", 60, False)], []),
        ([(W, "a", -1, False)], [1]),
        ([(W, "a", 365 * 86_400, False)], [1]),  # the clock was set back
        ([(W, "a", 60, True), (D, "b", 0, False)], [1, 2]),  # the same server
        ([(W, "a", 60, True), (W, "b", 60, True)], []),
        ([(W, "a", 60, False), (D, "a", 0, False), (W, "a", 60, False)], [1, 2]),  # the same recipient, the older
        ([(W, "a", 60, False), (D, "b", 0, False)], [2]),
    ],
)
def test_whose_turn_it_is(told, wanted):
    assert [letter.id for letter in to_try(letters(*told), NOW)] == wanted

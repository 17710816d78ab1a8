"""How often the finder looks: a dozen times a second, and three times when no hand was in view for half a minute."""

import numpy as np
from drawn_hand import frame, landmarks, picture

from firmware_py.sight.colour_lookout import ColourLookout
from firmware_py.sight.hands import Sight
from firmware_py.sight.lookout import Answer, Question

RATE_HZ = 30
WALL, HAND = picture(), picture(landmarks())


class Counting:
    """A lookout that counts its looks, and sees with the colour lookout's eyes while ``sees``."""

    def __init__(self) -> None:
        self.looks = 0
        self.sees = False
        self._eye = ColourLookout()

    def look(self, question: Question) -> Answer:
        self.looks += 1
        if self.sees:
            return self._eye.look(question)
        no = (False,) * len(question.crops)
        return Answer(question.frame.number, (None,) * len(no), asked=no, ms=0.0, fresh=no)

    def forget(self) -> None:
        pass


def test_without_a_hand_for_half_a_minute_the_finder_slows_to_three_looks_a_second_until_there_is_one() -> None:
    sight = Sight(None, synchronous=True, rate_hz=RATE_HZ)
    counting = Counting()
    sight._lookout = counting  # type: ignore[assignment]
    number = 0

    def looks_in(seconds: int, bgr: np.ndarray) -> int:
        nonlocal number
        before = counting.looks
        for _ in range(seconds * RATE_HZ):
            sight.see(frame(bgr, number, RATE_HZ))
            number += 1
        return counting.looks - before

    assert 110 <= looks_in(10, WALL) <= 130
    looks_in(21, WALL)
    assert 28 <= looks_in(10, WALL) <= 32
    counting.sees = True
    looks_in(1, HAND)
    assert 11 <= looks_in(1, HAND) <= 13, "a hand is back"

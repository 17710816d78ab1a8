"""The finder at work: in line with the frames, or on a thread of its own while the frames go on.

Not here: when a look is due and what its answer changes (``hands``).
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from firmware_py._mask import Shape
from firmware_py.niceness import behind_frames
from firmware_py.sight.camera import Frame
from firmware_py.sight.crop import Crop
from firmware_py.sight.finder import Finder
from firmware_py.sight.likeness import Likeness, Portraitist, Pose, draw
from firmware_py.sight.models import ModelFiles

_JOIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Question:
    """What the finder is asked: where each hand should be in this frame, by slot; None: that slot is free."""

    frame: Frame
    crops: tuple[Crop | None, ...]
    search: bool
    thorough: bool
    in_shadow: bool = False
    check: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What it saw: for each slot the hand in it, None: no hand there. asked: the slots that had a crop. fresh: the
    slots whose hand was not found where it should be but by a search, hence may be another one.
    """  # noqa: D205

    number: int
    likenesses: tuple[Likeness | None, ...]
    asked: tuple[bool, ...]
    ms: float
    fresh: tuple[bool, ...]


class Lookout:
    """The finder and one portraitist for each slot."""

    def __init__(self, models: ModelFiles, *, slots: int) -> None:
        """Load the networks; raises ModelFilesError."""
        self._finder = Finder(models)
        self._portraitists = [Portraitist() for _ in range(slots)]

    def look(self, question: Question) -> Answer:
        """Answer one question, in line."""
        began = time.perf_counter()
        frame = question.frame
        slots = [k for k, crop in enumerate(question.crops) if crop]
        prior = [crop for crop in question.crops if crop]
        found = self._finder.find(
            frame.rgb(),
            wanted=len(question.crops),
            prior=prior,
            search=question.search,
            thorough=question.thorough,
            in_shadow=question.in_shadow,
            check=question.check,
        )
        hands = dict(zip(slots, found, strict=False))
        searched = [hand for hand in found[len(slots) :] if hand]
        free = sorted((k for k in range(len(question.crops)) if not hands.get(k)), key=lambda k: k in hands)
        fresh = free[: len(searched)]  # slots that nobody was in before those whose hand was lost sight of
        for slot, new in zip(fresh, searched, strict=False):
            hands[slot] = new
            self._portraitists[slot].forget()
        drawn: dict[int, tuple[Shape, Pose]] = {k: draw(hand) for k, hand in hands.items() if hand}
        likenesses: list[Likeness | None] = [None] * len(question.crops)
        for slot, hand in hands.items():
            if hand:
                rival = next((drawn[k] for k in drawn if k != slot), None)
                likenesses[slot] = self._portraitists[slot].likeness(
                    hand, frame.i420, frame.number, rival, drawn=drawn[slot]
                )
        return Answer(
            number=frame.number,
            likenesses=tuple(likenesses),
            asked=tuple(crop is not None for crop in question.crops),
            ms=(time.perf_counter() - began) * 1e3,
            fresh=tuple(k in fresh for k in range(len(question.crops))),
        )

    def forget(self) -> None:
        """The next frame has nothing to do with those before."""
        for portraitist in self._portraitists:
            portraitist.forget()


class Looks(Protocol):
    """What answers questions: the finder's lookout, or one that goes by colour alone."""

    def look(self, question: Question) -> Answer:
        """Answer one question, in line."""
        ...


class LookoutThread:
    """A lookout on its own thread: one question at a time, the answer when it is ready."""

    def __init__(self, lookout: Looks) -> None:
        self._lookout = lookout
        self._wake = threading.Condition()
        self._question: Question | None = None
        self._answer: Answer | None = None
        self._error: Exception | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="finder", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a question is being answered or its answer not yet taken."""
        return self._question is not None or self._answer is not None

    def ask(self, question: Question) -> None:
        """Hand over a question; the frame's picture must not change until the answer is there."""
        with self._wake:
            self._question = question
            self._wake.notify()

    def take(self) -> Answer | None:
        """Return the answer when it is ready, else None. Raises what the lookout raised."""
        if self._answer is None and self._error is None:
            return None
        with self._wake:
            answer, error = self._answer, self._error
            self._answer = self._error = None
        if error:
            raise error
        return answer

    def close(self) -> None:
        """End the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(_JOIN_S)

    def _work(self) -> None:
        behind_frames()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._question is not None or self._closing)
                question = self._question
            if self._closing or question is None:
                return
            answer, error = None, None
            try:
                answer = self._lookout.look(question)
            except Exception as caught:  # noqa: BLE001 - handed to the thread that asked
                error = caught
            with self._wake:
                self._question, self._answer, self._error = None, answer, error


def moved_crop(likeness: Likeness, motion: Sequence[float]) -> Crop:
    """Return where to look for a hand that since its likeness moved by x and y cells and grew by a factor."""
    dx, dy, grown = motion
    return likeness.hand.crop.moved(dx * 2, dy * 2, grown)

"""Frames in, hand samples out: the finder now and then, the tracker in every frame, two hands that keep their names.

Not here: cameras, the ring and the process they meet in.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._mask import Mask
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.sight.camera import Frame
from firmware_py.sight.colour_lookout import ColourLookout
from firmware_py.sight.identity import Identities
from firmware_py.sight.landmarks import Side, side_of
from firmware_py.sight.likeness import Likeness
from firmware_py.sight.lookout import Answer, Lookout, LookoutThread, Question, moved_crop
from firmware_py.sight.models import ModelFiles
from firmware_py.sight.tracker import Track

_SEARCH_EVERY: Final = 3  # looks, while one of two hands is followed: palms over the whole frame cost twice as much
_CHECK_EVERY: Final = 6  # looks, at whether a hand that is followed has a palm
_PALMLESS: Final = 6  # looks at palms in a row that show none where a hand is followed
_CLEARLY: Final = 0.8  # presence of a hand that needs none: fists and edges have no palm to see
_IDLE_HZ: Final = 3.0
_IDLE_AFTER_S: Final = 30.0
_MISSES_BELIEVED: Final = 2  # looks in a row without the hand, when its colours could be the room's
_MISSES_AT_ALL: Final = 4
_TOLD_BY_COLOUR: Final = 0.6


@dataclass(frozen=True, slots=True)
class SeenHand:
    """A hand in the last frame. box: x, y, width, height in frame pixels, forearm not included."""

    area: float
    box: tuple[float, float, float, float]
    confidence: float
    openness: float
    side: Side


@dataclass(slots=True)
class Spent:
    """Milliseconds that the last frame took; finder is 0 for a frame that it did not look at."""

    finder: float = 0.0
    tracker: float = 0.0


@dataclass(slots=True)
class Sight:
    """Sees the hands in a stream of frames.

    models: the finder's files; None: colours alone, with low confidence. synchronous: the finder looks in line, at
    frames chosen by their capture times, so that the same frames give the same samples; otherwise it has a thread
    of its own and its answers count from when they come, corrected for the motion since. finder_hz: looks a
    second. hands: 1 or 2. prefer: left or right, the one hand that plays when both are in view; empty: the first one
    seen plays until it leaves. rate_hz: frames a second to expect. stills: every frame is a picture of its own,
    looked at thoroughly.
    """

    models: ModelFiles | None
    synchronous: bool
    rate_hz: float
    finder_hz: float = 12.0
    hands: int = 2
    stills: bool = False
    prefer: str = ""
    spent: Spent = field(default_factory=Spent, init=False)
    _slots: int = field(init=False)
    _tracks: list[Track | None] = field(init=False)
    _identities: Identities = field(init=False)
    _lookout: Lookout | ColourLookout = field(init=False)
    _thread: LookoutThread | None = field(default=None, init=False)
    _due_s: float = field(default=-math.inf, init=False)
    _looks: int = field(default=0, init=False)
    _searches: int = field(default=0, init=False)
    _last_hand_s: float = field(default=-math.inf, init=False)
    _size: tuple[int, int] = field(default=(0, 0), init=False)

    def __post_init__(self) -> None:
        self._slots = 2 if self.prefer else self.hands  # to choose between two hands, both must be followed
        self._tracks = [None] * self._slots
        self._identities = Identities(self._slots)
        if self.models:
            self._lookout = Lookout(self.models, slots=self._slots)
        else:
            self._lookout = ColourLookout()
        if not self.synchronous:
            self._thread = LookoutThread(self._lookout)

    def see(self, frame: Frame) -> np.void:
        """Return the sample, dtype HAND_SAMPLE, of ``frame``; its t_publish_ns is left 0."""
        began = time.perf_counter()
        t_s = frame.t_capture_ns / 1e9
        if self.stills or (frame.width, frame.height) != self._size:
            self.forget()
            self._size = (frame.width, frame.height)
        self.spent.finder = 0.0
        for slot, track in enumerate(self._tracks):
            if track:
                track.step(frame.i420, frame.number, t_s, self._rival(slot))
        self._identities.follow(self._tracks, t_s, frame.width / frame.height)
        confirmed = self._ask_finder(frame, t_s)
        self._let_go(t_s)
        self.spent.tracker = (time.perf_counter() - began) * 1e3 - (self.spent.finder if self.synchronous else 0.0)
        return self._sample(frame, confirmed)

    @property
    def by_colour(self) -> bool:
        """Whether hands are found by colours alone, for want of the finder's models."""
        return self.models is None

    @property
    def seen(self) -> tuple[SeenHand, ...]:
        """The hands in the last frame, the primary one first."""
        return tuple(
            SeenHand(track.area, self._box(track), track.confidence, track.openness, side_of(track.rightness))
            for track in self._in_order()
            if track and track.present
        )

    def covered(self, frame: Frame) -> tuple[tuple[int, NDArray[np.uint8]], ...]:
        """Return what counted as hand in ``frame``, the last one seen, for people: off the realtime path.

        One entry for each hand of ``seen``, in its order: 0 for the primary hand or 1 for the other, and its cells
        of 2x2 pixels, uint8, 0…255, shape (height / 2, width / 2).
        """
        return tuple(
            (place, np.asarray(track.mask.picture(frame.i420, self._rival(slot))))
            for place, slot in enumerate(self._identities.order)
            if (track := self._tracks[slot]) and track.present
        )

    def forget(self) -> None:
        """Begin anew: the next frame has nothing to do with those before."""
        self._tracks = [None] * self._slots
        self._identities.reset()
        self._due_s = -math.inf
        self._last_hand_s = -math.inf
        self._looks = self._searches = 0
        if not self._thread:
            self._lookout.forget()

    def close(self) -> None:
        """End the finder's thread."""
        if self._thread:
            self._thread.close()

    def _in_order(self) -> list[Track | None]:
        return [self._tracks[slot] for slot in self._identities.order][: self.hands]

    def _rival(self, slot: int) -> Mask | None:
        """Return the mask of the other hand while that is in view."""
        return next((t.mask for k, t in enumerate(self._tracks) if k != slot and t and t.present), None)

    def _ask_finder(self, frame: Frame, t_s: float) -> bool:
        answer: Answer | None = None
        if self._thread:
            answer = self._thread.take()
        if answer is None and t_s >= self._due_s and not (self._thread and self._thread.busy):
            question = self._question(frame)
            self._looks += 1
            self._due_s = max(self._due_s + 1 / self._pace_hz(t_s), t_s + 0.5 / self.finder_hz)
            if self._thread:
                self._thread.ask(question)
            else:
                answer = self._lookout.look(question)
        if answer is None:
            return False
        self.spent.finder = answer.ms
        self._apply(answer, frame, t_s)
        return True

    def _question(self, frame: Frame) -> Question:
        crops = tuple(
            moved_crop(track.likeness, track.motion_since(track.likeness.number)) if track and track.present else None
            for track in self._tracks
        )
        search = not any(crops) or self._looks % _SEARCH_EVERY == 0
        check = any(crops) and self._looks % _CHECK_EVERY == 0
        self._searches += search and not any(crops)
        in_shadow = search and not check if any(crops) else self._searches % 2 == 0
        return Question(frame, crops, search=search, thorough=self.stills, in_shadow=in_shadow, check=check)

    def _pace_hz(self, t_s: float) -> float:
        if math.isinf(self._last_hand_s):
            self._last_hand_s = t_s
        idle = t_s - self._last_hand_s > _IDLE_AFTER_S
        return min(_IDLE_HZ, self.finder_hz) if idle else self.finder_hz

    def _apply(self, answer: Answer, frame: Frame, t_s: float) -> None:
        for slot, (likeness, asked) in enumerate(zip(answer.likenesses, answer.asked, strict=True)):
            track = self._tracks[slot]
            if likeness and track and self._became_another_thing(track, likeness):
                track.leave()
            elif likeness:
                if track is None or (answer.fresh[slot] and track.present):
                    track = self._tracks[slot] = Track(likeness, self.rate_hz)
                    self._identities.newcomer(slot)
                track.confirm(likeness, frame.i420, frame.number, t_s, self._rival(slot))
            elif track and asked:
                track.misses += 1
                told = track.likeness.quality >= _TOLD_BY_COLOUR and not track.doubted
                if track.misses >= (_MISSES_AT_ALL if told else _MISSES_BELIEVED):
                    track.leave()
        looks = [likeness.hand if likeness else None for likeness in answer.likenesses]
        self._identities.weigh(self._tracks, looks, t_s, frame.width / frame.height)

    def _became_another_thing(self, track: Track, likeness: Likeness) -> bool:
        """Whether what is followed, although the landmarks still see a hand in it, has had no palm for long."""
        if likeness.hand.palm is not None:
            palmless = not likeness.hand.palm and likeness.hand.presence < _CLEARLY
            track.palmless = track.palmless + 1 if palmless else 0
        return track.palmless >= _PALMLESS

    def _let_go(self, t_s: float) -> None:
        for slot, track in enumerate(self._tracks):
            if track and track.present:
                self._last_hand_s = t_s
            if track and not track.remembered(t_s):
                self._tracks[slot] = None
        self._identities.promote(self._tracks)
        if self.prefer and self.hands == 1:
            self._identities.prefer("right" if self.prefer == "right" else "left", self._tracks)

    def _box(self, track: Track) -> tuple[float, float, float, float]:
        dx, dy, grown = track.motion_since(track.likeness.number)
        x, y, w, h = track.likeness.hand.box
        cx, cy = x + w / 2 + dx * 2, y + h / 2 + dy * 2
        width, height = self._size
        x0, x1 = max(0.0, cx - w / 2 * grown), min(float(width), cx + w / 2 * grown)
        y0, y1 = max(0.0, cy - h / 2 * grown), min(float(height), cy + h / 2 * grown)
        return x0, y0, max(0.0, x1 - x0), max(0.0, y1 - y0)

    def _sample(self, frame: Frame, confirmed: bool) -> np.void:
        sample: np.void = np.zeros(1, dtype=HAND_SAMPLE)[0]
        sample["t_capture_ns"] = frame.t_capture_ns
        sample["frame"] = frame.number & 0xFFFFFFFF
        flags = Flag(0)
        for slot, track in enumerate(self._in_order()):
            if track and track.present:
                flags |= Flag.PRESENT if slot == 0 else Flag.SECOND_HAND
                flags |= Flag.FINDER_CONFIRMED if confirmed and track.misses == 0 else Flag(0)
                sample["hands"][slot] = (track.area, track.x, track.y, track.openness, track.confidence)
        sample["flags"] = int(flags)
        return sample

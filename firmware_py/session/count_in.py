"""What is decided between the first frame of the recording and the first note: the delay D, and the player's reach.

It reads the lanes, and says what the control cell and session.json are to hold. It writes neither, and starts nothing.
"""

from collections import deque
from dataclasses import replace
from typing import Any, Final

import numpy as np

from firmware_py.archive.players import Players
from firmware_py.errors import ReachError, SessionFolderError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.lanes import ARRIVALS, Lanes
from firmware_py.music.reach import Reach, reach_between
from firmware_py.session.plan import SessionPlan
from firmware_py.session.saying import say
from firmware_py.sight.reach import hold_of
from firmware_py.sound.arrival import PLANNED_S, delay_by, plenty

BEFORE_SONG_S: Final = 0.5  # D is decided so long before the first note: then it has moved there, slowly, in time
WAIT_S: Final = 1.5  # at most so long a session without a count-in waits for pictures to measure by
AFTER_HOLD_S: Final = 0.15  # until the last picture of a hold has come
LEVEL_OFF_DB: Final = -90.0
SHOW_HAND: Final = "hold your open hand up in the middle of the picture"


class CountIn:
    """The decisions of one session, each taken once; ``step`` is called again and again until the song begins."""

    def __init__(self, plan: SessionPlan, lanes: Lanes) -> None:
        self._plan = plan
        self._lanes = lanes
        self._ready_s: float | None = None
        self._samples: deque[np.void] = deque(maxlen=4096)
        self._stage = plan.reach_stage
        self._listening = self._stage is not None
        self._measuring = plan.measures_delay
        self._delay_us = round(plan.record.delay_s * 1e6) if plan.tells_delay and not self._measuring else 0
        self._reach: Reach | None = None
        self._silent = False
        self._shows_hand = False
        self._news: dict[str, Any] = {}

    @property
    def control(self) -> dict[str, float]:
        """Fields of CONTROL, beside its times and levels, as they should be now."""
        fields: dict[str, float] = {"delay_us": self._delay_us}
        if self._reach:
            fields |= {"area_far": self._reach.area_far, "area_near": self._reach.area_near}
        if self._silent:  # while a reach is looked for, the tones that say so stand alone
            fields["instrument_db"] = LEVEL_OFF_DB
        return fields

    @property
    def delay_s(self) -> float | None:
        """D, once it is decided."""
        return self._delay_us / 1e6 if self._delay_us else None

    def news(self) -> dict[str, Any]:
        """Return the fields of session.json decided since this was last asked; empty: none."""
        news, self._news = self._news, {}
        return news

    def may_begin(self, now_s: float) -> bool:
        """Whether the recording may begin: without a count-in, some pictures must have come before it."""
        if self._ready_s is None:
            self._ready_s = now_s
        if not self._measuring or self._plan.scripted or self._plan.record.song_start_s > BEFORE_SONG_S:
            return True
        return plenty(self._arrivals()) or now_s - self._ready_s > WAIT_S

    def step(self, seconds: float, t0_ns: int) -> bool:
        """Decide what is to be decided ``seconds`` after t0; return whether ``control`` has changed."""
        before = self.control
        if self._stage and self._listening:
            self._silent = seconds < self._stage.near_until_s
            self._listen()
            if seconds >= self._stage.near_until_s + AFTER_HOLD_S:
                self._decide_reach(t0_ns)
        if self._measuring and seconds >= self._plan.record.song_start_s - BEFORE_SONG_S:
            self._decide_delay()
        return self.control != before

    def words(self, seconds: float) -> str:
        """Return what the player is asked for at so many seconds after t0; empty: nothing."""
        if self._stage and (words := self._stage.words(seconds)):
            return words
        counting = 0.0 <= seconds < self._plan.record.song_start_s
        return SHOW_HAND if self._shows_hand and counting else ""

    def ask_for_hand(self) -> None:
        """Ask for an open hand in the middle of the picture: the eye goes by its colours alone."""
        self._shows_hand = True

    def keep(self) -> None:
        """Keep a reach that was found, for a player with a name; what cannot be kept is said, and no more."""
        name = self._plan.record.player
        if self._reach is None or not name:
            return
        try:
            Players(self._plan.state).keep(name, reach=self._reach)
        except SessionFolderError as error:
            say(f"the reach of {name} is not kept: {error}")

    def _arrivals(self) -> np.void:
        arrivals: np.void = np.frombuffer(self._lanes.arrivals.read(), ARRIVALS)[0]
        return arrivals

    def _decide_delay(self) -> None:
        self._measuring = False
        found = delay_by(self._arrivals())
        if found is None:
            self._delay_us = round(PLANNED_S * 1e6)
            self._news |= {"delay_s": PLANNED_S, "delay_how": "assumed: too few pictures came before the song"}
            return
        self._delay_us = found.delay_us
        self._news |= {"delay_s": found.delay_us / 1e6, "delay_how": "measured", "delay_figures": found.figures}
        if found.warning:
            say(found.warning)

    def _listen(self) -> None:
        if not self._lanes.latest.writes:
            return
        sample: np.void = np.frombuffer(self._lanes.latest.read(), HAND_SAMPLE)[0]
        if not self._samples or int(sample["t_capture_ns"]) > int(self._samples[-1]["t_capture_ns"]):
            self._samples.append(sample)

    def _decide_reach(self, t0_ns: int) -> None:
        self._listening = False
        stage = self._stage
        if stage is None:
            return
        samples = np.array(list(self._samples), HAND_SAMPLE)
        at_s = (samples["t_capture_ns"].astype(np.int64) - t0_ns) / 1e9
        found = []
        for name, first_s, end_s in (
            ("far away", 0.0, stage.far_until_s),
            ("near", stage.far_until_s, stage.near_until_s),
        ):
            settled = (at_s >= (first_s + end_s) / 2) & (at_s < end_s)  # the first half is for going there
            try:
                found.append(hold_of(samples[settled]).area)
            except ReachError as error:
                self._refuse(f"{name}, {error}")
                return
        try:
            self._reach = reach_between(*found)
        except ReachError as error:
            self._refuse(str(error))
            return
        mapping = replace(self._plan.record.mapping, area_far=self._reach.area_far, area_near=self._reach.area_near)
        self._news |= {"mapping": mapping, "reach_how": "found in the count-in"}

    def _refuse(self, why: str) -> None:
        self._news |= {"reach_how": f"{self._plan.record.reach_how}; none was found in the count-in: {why}"}
        say(f"the reach stays as it was: {why}")

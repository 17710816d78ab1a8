"""The backing of the song that comes next, rendered while nobody plays, so that a press counts in at once.

Not here: what a backing is (``sound.backing``), or when nobody plays (``appliance``).
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from firmware_py.archive.players import Players
from firmware_py.config import Config
from firmware_py.errors import HandDanceError
from firmware_py.session.song_plan import backing_of, plan_song

log: Final = logging.getLogger(__name__)
QUIET_S: Final = 2.0  # after a press: whoever turns through the songs turns on


class BackingAhead:
    """Knows whether there is a backing to render, and renders it into the cache.

    What cannot be rendered is not tried again until another song is chosen. The session says what is wrong with it, and
    whatever else there is to say of a song.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rendered: Config | None = None
        self._quiet_since_s = clock()

    def pressed(self) -> None:
        """Hear that somebody is there, who may go on to press."""
        self._quiet_since_s = self._clock()

    def played(self) -> None:
        """Hear of a session: a reach that it found makes another backing."""
        self._rendered = None
        self.pressed()

    def is_wanted(self, chosen: Config) -> bool:
        """Tell whether what is chosen has not been rendered, and nobody is choosing any more."""
        return chosen != self._rendered and self._clock() - self._quiet_since_s >= QUIET_S

    def render(self, chosen: Config) -> None:
        """Render the backing of a session with this configuration, unless it is in the cache."""
        self._rendered = chosen
        try:
            players = Players(chosen.state)
            planned = plan_song(chosen, players.named(chosen.play.player))
            if players.note:  # which is said once, to whoever reads it first
                log.warning("%s", players.note)
            if backing_of(planned, chosen):
                log.info("the backing of %s is ready", chosen.play.song)
        except HandDanceError as error:
            log.info("no backing was rendered ahead: %s", error)

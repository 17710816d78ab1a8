"""Finding a player's reach outside of a session: the camera and the lock are taken as a session would take them.

Not here: the holds and what is said meanwhile (``sight.reach``), the count-in's way of doing it (``count_in``).
"""

from collections.abc import Callable
from typing import Final

from firmware_py.config import Config
from firmware_py.errors import ModelFilesError
from firmware_py.music.reach import PART_S, Reach
from firmware_py.session.lock import only_one
from firmware_py.session.saying import say
from firmware_py.sight import models
from firmware_py.sight.cameras import check_source, open_camera
from firmware_py.sight.ghost.part import GhostPart, Hold
from firmware_py.sight.reach import measure_reach

GHOST_PART: Final = GhostPart(seconds=2 * PART_S, holds=(Hold(0.0, PART_S, 0.0), Hold(PART_S, 2 * PART_S, 1.0)))


def find_reach(config: Config, show: Callable[[str], None]) -> Reach:
    """Lead whoever stands before the configured camera through both holds and return the reach.

    show is told what to do and what is seen. Raises ReachError with a reason, CameraError or UsageError for a camera
    that cannot be used, AlreadyRunningError while a session is played.
    """
    check_source(config.camera.source)
    with only_one(config.state):
        try:
            files = models.find(config.state)
        except ModelFilesError as error:
            say(f"hands are followed by colour only: {error}")
            files = None
        camera = open_camera(config.camera.source, config.camera, ghost=GHOST_PART, cache=config.state / "cache")
        return measure_reach(camera, files, show)

"""The sight process between sessions: started when the box is ready, told of codes by it, handed to the session.

Not here: what it does meanwhile (``sight.waiting``), what a code means (``codes``).
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from firmware_py.errors import ChildFailedError
from firmware_py.session.child import Child, Event
from firmware_py.sight.plan import SightPlan

log: Final = logging.getLogger(__name__)
AGAIN_S: Final = 30.0  # after a death, before it is started anew: waiting is no hurry
END_S: Final = 2.0


class WaitingSight:
    """Keeps one sight process warm while nobody plays.

    plan: without a session's memory; on_code: takes each code's text; on_looking: is told whether the camera looks.
    """

    def __init__(
        self,
        plan: SightPlan,
        on_code: Callable[[str], None],
        on_looking: Callable[[bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._on_code = on_code
        self._on_looking = on_looking
        self._clock = clock
        self._child: Child | None = None
        self._not_before_s = 0.0
        self._looking = False

    def attend(self) -> None:
        """Start the process if it is not there, and take what it tells; returns at once."""
        if self._child is None:
            self._start()
        if self._child is None:
            return
        events, death = self._child.events()
        for event in events:
            self._heard(event)
        if death is not None:
            log.warning("the sight process %s while it waited; the next session starts its own", death.reason)
            self._child = None
            self._not_before_s = self._clock() + AGAIN_S
            self._looks(False)

    def handed_over(self) -> Child | None:
        """Give the process away, to the session; None where there is none."""
        child, self._child = self._child, None
        self._looks(False)
        return child

    def close(self) -> None:
        """End the process."""
        if child := self.handed_over():
            child.stop(END_S)

    def _start(self) -> None:
        if self._clock() < self._not_before_s:
            return
        child = Child("sight", "firmware_py.sight", self._plan.to_json)
        try:
            child.start(more=True)
        except ChildFailedError as error:
            log.warning("%s", error)
            self._not_before_s = self._clock() + AGAIN_S
            return
        self._child = child

    def _heard(self, event: Event) -> None:
        match event["event"]:
            case "code":
                self._on_code(str(event["text"]))
            case "looking":
                log.info("the camera looks for codes while nobody plays: %s", event["camera"])
                self._looks(True)
            case "blind":
                log.warning("%s", event["message"])
                self._looks(False)

    def _looks(self, looking: bool) -> None:
        if looking != self._looking:
            self._looking = looking
            self._on_looking(looking)

"""The microphone of a session, as the supervisor sees it: whether there is one, and what its process's end means.

A session goes on without its microphone; only one that was asked for by name must be there when it begins. Not here:
hearing (``sound.microphone``), starting and restarting (``performance``).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from firmware_py.session.child import Child, Death, Event
from firmware_py.session.saying import say
from firmware_py.sound.microphone import AUTO, MicrophonePlan

NAME: Final = "microphone"
MODULE: Final = "firmware_py.sound.microphone"


class SessionMicrophone:
    """The process of one session's microphone, and what is known of its device.

    plan: None where none is wanted. child: makes the process.
    """

    def __init__(self, plan: MicrophonePlan | None, child: Callable[[str, str, Callable[[], str]], Child]) -> None:
        self._plan = plan
        self.child = None if plan is None else child(NAME, MODULE, self._plan_now)
        self.described = ""  # in one line; empty: there is none
        self._device = ""

    def _plan_now(self) -> str:
        """Return the plan to start with: one that is started again looks for the device that it had."""
        if self._plan is None:
            return ""
        if self.described:
            return replace(self._plan, microphone=f"alsa:{self._device}", again=True).to_json()
        return self._plan.to_json()

    def is_ready(self, event: Event) -> None:
        """Take what its first ``ready`` says of the device; later ones say the same."""
        self.described = self.described or event.get("microphone", "")
        self._device = self._device or event.get("device", "")

    def is_missed(self, death: Death, *, recording: bool) -> bool:
        """Whether the end of its process means more than that there is no microphone here."""
        if recording:
            return bool(self.described)
        if self._plan is not None and self._plan.microphone != AUTO:
            return True
        if death.status:
            say(f"the {NAME}'s process was {death.reason}; the session goes on without it")
        self.described = ""
        return False

"""The processes that are away just now, and the gaps that they have left in the session so far.

In seconds from the first frame of the recording, as the supervisor learns of them. Not here: where the sound is truly
missing (``gaps``), noticing a death (``child``).
"""

from firmware_py.archive.session_folder import Gap


class Outages:
    """From the death of a process, or the loss of its device, until it is ready again."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self._away: dict[str, tuple[float, str]] = {}

    def __contains__(self, process: str) -> bool:
        return process in self._away

    def begin(self, process: str, at_s: float, reason: str) -> None:
        """Note that it is away; where it is already, the first time and reason stand."""
        self._away.setdefault(process, (at_s, reason))

    def end(self, process: str, at_s: float) -> None:
        """Note that it is back, if it was away."""
        if process in self._away:
            start_s, reason = self._away.pop(process)
            start_s = max(0.0, start_s)
            if start_s < at_s:
                self.gaps.append(Gap(process, round(start_s, 3), round(at_s, 3), reason))

    def end_all(self, at_s: float) -> None:
        """Note the end of the session for whoever is still away."""
        for process in list(self._away):
            self.end(process, at_s)

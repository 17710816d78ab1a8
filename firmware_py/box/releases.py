"""The releases of the program, side by side in one folder, and which of them runs.

::

    releases/NAME/      one release: a virtual environment, its units in ``systemd``, and ``whole`` once it is complete
    current             link to the release that runs; switching is one rename, units included
    trial               while ``current`` is not proven: its name, and the name of the one to go back to
    incoming/           packages and wishes that wait for hand-dance-update.service

Whatever is cut off at any instant leaves ``current`` at a whole release; a ``trial`` that is still there at the next
start is taken back by ``systemd/guard``, which knows this layout too and needs no Python. Not here: what a release is
made of (``filling``) or whether it is any good (``health``).
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.box.durable import fsync_folder, write_whole
from firmware_py.errors import UpdateError

PLACE: Final = Path("/opt/hand-dance")
NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+]{0,40}-[0-9]{14}")
"""A version, and the second in which it was made (UTC): ``0.1.0-20260131120000``."""
_WHOLE: Final = "whole"


@dataclass(frozen=True)
class Trial:
    """A release that is not proven, and the one to go back to; empty where there was none before."""

    new: str
    back: str


class Releases:
    """The folder of releases; only root changes it, one process at a time (``alone``)."""

    def __init__(self, place: Path = PLACE) -> None:
        self.place = place

    def folder(self, name: str) -> Path:
        """Return the folder of one release."""
        return self.place / "releases" / name

    @property
    def incoming(self) -> Path:
        """Where packages and wishes wait."""
        return self.place / "incoming"

    def current(self) -> str:
        """Return the name of the release that runs, empty where there is none."""
        try:
            name = (self.place / "current").readlink().name
        except OSError:
            return ""
        return name if self.is_whole(name) else ""

    def is_whole(self, name: str) -> bool:
        """Return whether a release is complete."""
        return bool(NAME.fullmatch(name)) and (self.folder(name) / _WHOLE).exists()

    def all(self) -> list[str]:
        """Return the names of the whole releases, the one installed last first."""
        whole = [path for path in self.place.glob(f"releases/*/{_WHOLE}") if NAME.fullmatch(path.parent.name)]
        return [path.parent.name for path in sorted(whole, key=lambda path: path.stat().st_mtime_ns, reverse=True)]

    def before(self) -> str:
        """Return the release to go back to, empty where there is none."""
        current = self.current()
        return next((name for name in self.all() if name != current), "")

    def begun(self, name: str) -> Path:
        """Make the folder of a new release anew, without whatever a power cut left in it."""
        if not NAME.fullmatch(name) or name == self.current():
            raise UpdateError(f"{name!r} is no name for a new release; make the package again: make package")
        folder = self.folder(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o755, parents=True)
        return folder

    def seal(self, name: str) -> None:
        """Call a release complete, once all of it is on the card."""
        os.sync()
        (self.folder(name) / _WHOLE).touch()
        os.sync()

    def trial(self) -> Trial | None:
        """Return the trial that goes on, or was cut off."""
        try:
            lines = (self.place / "trial").read_text().split("\n")
        except FileNotFoundError:
            return None
        return Trial(lines[0], lines[1]) if len(lines) > 2 else None

    def try_out(self, name: str) -> Trial:
        """Let a whole release be the current one, on trial."""
        if not self.is_whole(name):
            raise UpdateError(f"the release {name} is not complete; install it again")
        trial = Trial(name, self.current())
        write_whole(self.place / "trial", f"{trial.new}\n{trial.back}\n".encode(), 0o644)
        self._point_at(name)
        return trial

    def keep(self) -> None:
        """End the trial: what is current stays."""
        (self.place / "trial").unlink(missing_ok=True)
        fsync_folder(self.place)

    def take_back(self, trial: Trial) -> None:
        """End the trial by the release before it, where there is one."""
        if trial.back:
            self._point_at(trial.back)
        self.keep()

    def remove(self, name: str) -> None:
        """Take one release away; the one that runs stays."""
        if name != self.current():
            (self.folder(name) / _WHOLE).unlink(missing_ok=True)  # first: a half removed one is not whole
            shutil.rmtree(self.folder(name), ignore_errors=True)

    def prune(self) -> None:
        """Take all but the current release and the one before it away, half ones too."""
        kept = {self.current(), self.before()}
        for folder in self.place.glob("releases/*"):
            if folder.name not in kept:
                self.remove(folder.name)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder; raises UpdateError where another update is under way."""
        self.place.mkdir(mode=0o755, parents=True, exist_ok=True)
        handle = os.open(self.place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UpdateError("another update is under way; wait until it has ended") from None
            yield
        finally:
            os.close(handle)

    def _point_at(self, name: str) -> None:
        draft = self.place / "current.new"
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path("releases", name))
        draft.replace(self.place / "current")
        fsync_folder(self.place)

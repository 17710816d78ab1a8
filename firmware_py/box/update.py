"""An update, from its package to its end: installed beside, switched to when nobody plays, proven or taken back.

Run by hand-dance-update.service as ``python -m firmware_py.box update`` for what waits, and by ``systemd/install`` as
``… adopt NAME`` for a release that it has filled itself. Not here: each step (``package``, ``filling``, ``releases``,
``health``), or what happens when this process or the power dies half way (``systemd/guard``).
"""

import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from firmware_py.box.durable import fsync_folder
from firmware_py.box.filling import fill
from firmware_py.box.health import prove
from firmware_py.box.instrument import Instrument
from firmware_py.box.outcome import TOLD, Outcome, Result, tell_light
from firmware_py.box.package import unpack
from firmware_py.box.releases import Releases, Trial
from firmware_py.box.signature import SIGNERS
from firmware_py.config import BOOT_FILES
from firmware_py.errors import HandDanceError, PackageError, UpdateError

log: Final = logging.getLogger(__name__)
PACKAGE: Final = "hand-dance-update.zip"
"""A package's name on the boot partition, and in the folder of what waits."""
BACK: Final = "back"
BOOT_FOLDERS: Final = tuple(file.parent for file in BOOT_FILES)
WAIT_S: Final = 2 * 3600.0  # for a session to end
_LOOK_S: Final = 2.0
_ROOM: Final = 5  # times a package's size: its wheels, and what they are installed to
_RESERVE_BYTES: Final = 200 << 20  # that the instrument goes on recording to


class Updater:
    """Whoever makes updates, on one machine; tests give other folders and another instrument."""

    def __init__(
        self,
        releases: Releases,
        instrument: Instrument,
        *,
        signers: Path = SIGNERS,
        boot: Sequence[Path] = BOOT_FOLDERS,
        told: Path = TOLD,
        filled: Callable[[Path, Path], None] = fill,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._releases = releases
        self._instrument = instrument
        self._signers = signers
        self._boot = boot
        self._told = told
        self._fill = filled
        self._pause = pause
        self._clock = clock
        self._stuck: set[Path] = set()  # packages that cannot be put away

    def run(self) -> list[Outcome]:
        """Do everything that waits, one after the other, and return how each ended."""
        done = []
        with self._releases.alone():
            self._releases.prune()  # what a power cut left half
            while (ended := self._next()) is not None:  # also what somebody left meanwhile
                done.append(ended)
        return done

    def _next(self) -> Outcome | None:
        """Do the first thing that waits; None where nothing does."""
        back = self._releases.incoming / BACK
        if back.exists():
            back.unlink()
            return self._ended("", lambda: self._adopt(self._one_before()))
        waiting = (folder / PACKAGE for folder in (self._releases.incoming, *self._boot))
        package = next((file for file in waiting if file.exists() and file not in self._stuck), None)
        return None if package is None else self._followed(package)

    def adopt(self, name: str) -> Outcome:
        """Let a release that is filled, but not sealed, be the one that runs, or go back."""
        with self._releases.alone():

            def steps() -> str:
                self._releases.seal(name)
                return self._adopt(name)

            return self._ended(name, steps)

    def _followed(self, package: Path) -> Outcome:
        """Install one package; it is consumed before it can do harm, so that no package is tried twice."""
        ours = package.parent == self._releases.incoming
        wheels = self._releases.incoming / "wheels"
        name, consumed = "", False

        def steps() -> str:
            nonlocal name, consumed
            self._wait_for_rest()
            _look_for_room(self._releases.place, package)
            name = unpack(package, wheels, self._signers).release
            if name == self._releases.current():
                return f"{name} runs already"
            if not self._releases.is_whole(name):
                self._fill(self._releases.begun(name), wheels)
                self._releases.seal(name)
            shutil.rmtree(wheels)
            _consume(package, ours=ours)
            consumed = True
            return self._adopt(name)

        shutil.rmtree(wheels, ignore_errors=True)
        outcome = self._ended(lambda: name, steps)
        shutil.rmtree(wheels, ignore_errors=True)
        try:
            if not consumed:  # there may be another one by now
                _consume(package, ours=ours)
        except OSError as error:
            log.error("%s cannot be put away (%s); make the card writable", package, error)
            self._stuck.add(package)
        if not ours:
            _answer(package, outcome)
        return outcome

    def _one_before(self) -> str:
        name = self._releases.before()
        if not name:
            raise UpdateError("there is no release to go back to; hand-dance update --list shows what there is")
        return name

    def _adopt(self, name: str) -> str:
        """Switch, prove, and keep; returns what to say. Raises UpdateError once what ran before runs again."""
        self._wait_for_rest()
        before = self._instrument.examine() if self._releases.current() else {}
        trial = self._releases.try_out(name)
        log.info("%s is on trial", name)
        try:
            self._instrument.settle()
            prove(self._instrument, before, self._pause, self._clock)
        except BaseException as error:
            if trial.back:
                self._go_back(trial)
                again = f"{trial.back.rpartition('-')[0]} runs again"
                raise _TakenBackError(
                    f"the update to {name} was taken back, because {_reason(error)}; {again}"
                ) from error
            self._releases.keep()  # there is nothing to go back to
            raise
        self._releases.keep()
        self._releases.prune()
        return f"{name} runs"

    def _go_back(self, trial: Trial) -> None:
        """Let what ran before run again, once whoever may have begun to play meanwhile has ended."""
        log.warning("back to %s", trial.back)
        try:
            self._wait_for_rest()
        except UpdateError as error:
            log.warning("%s", error)
        self._releases.take_back(trial)
        for step in (self._instrument.settle, self._instrument.restart):
            try:
                step()
            except UpdateError as error:
                log.error("%s", error)  # systemd goes on trying; the release is the one that ran before
        self._releases.remove(trial.new)

    def _wait_for_rest(self) -> None:
        """Wait until no session is played; raises UpdateError where that lasts too long."""
        until = self._clock() + WAIT_S
        told = False
        while self._instrument.pulse().playing:
            if not told:
                log.info("a session is being played; the update waits until it is over")
                told = True
            if self._clock() >= until:
                raise UpdateError(f"somebody has been playing for {WAIT_S / 3600:.0f} h; update when nobody does")
            self._pause(_LOOK_S)

    def _ended(self, name: str | Callable[[], str], steps: Callable[[], str]) -> Outcome:
        """Take the steps and write down how they ended."""

        def outcome(result: Result, says: str) -> Outcome:
            return Outcome(name if isinstance(name, str) else name(), result, says)

        try:
            ended = outcome(Result.KEPT, steps())
        except _TakenBackError as error:
            ended = outcome(Result.TAKEN_BACK, str(error))
        except PackageError as error:
            ended = outcome(Result.REFUSED, f"the package is refused, and nothing was changed: {error}")
        except (HandDanceError, OSError) as error:
            ended = outcome(Result.FAILED, f"the update failed: {error}")
        (log.info if ended.result is Result.KEPT else log.error)("%s", ended.says)
        ended.keep(self._releases.place)
        tell_light(ended, self._told)
        return ended


class _TakenBackError(UpdateError):
    """The release that was tried is not the one that runs any more."""


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, HandDanceError) else f"it was broken off ({type(error).__name__})"


def _look_for_room(place: Path, package: Path) -> None:
    wanted = _ROOM * package.stat().st_size + _RESERVE_BYTES
    free = shutil.disk_usage(place).free
    if free < wanted:
        raise UpdateError(
            f"the card has {free >> 20} MB free and the update needs {wanted >> 20}; delete sessions that you have"
        )


def _consume(package: Path, *, ours: bool) -> None:
    """Let a package be found no more: ours is deleted, a person's own is only called otherwise."""
    if not package.exists():
        return
    if ours:
        package.unlink()
    else:
        package.replace(package.with_suffix(".tried"))
    fsync_folder(package.parent)


def _answer(package: Path, outcome: Outcome) -> None:
    """Tell whoever puts the card into a laptop again how it went."""
    try:
        file = package.with_suffix(".txt")
        file.write_bytes(f"{outcome.result.value}: {outcome.says}\r\n".encode())
        os.sync()
    except OSError as error:
        log.warning("%s cannot be written: %s", package.with_suffix(".txt"), error)

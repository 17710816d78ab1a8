"""The recorder: takes the tapes of a session to its folder, and loses at most a second.

It lives in the supervisor's process, so a dead sound or sight process loses nothing that was played: the gap it
leaves is silence at its true place. A disk that is filling up is met early: ``on_failure`` asks for the end while there
is still room to record it. One that fails ends the recording, not the program: what is on it stays valid, ``failure``
says why, and the tapes are emptied on. Not here: what to do about it (the session).
"""

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from firmware_py._ring import Ring
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import SessionFolderError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.lanes import MIC_BLOCK, TAPE_BLOCK
from firmware_py.niceness import before_frames
from firmware_py.sound.track import Silence, Track

SYNC_S: Final = 0.3
POLL_S: Final = 0.03
LEAST_ROOM_S: Final = 60.0  # a recording is not begun, and is to end, with less room than for so much sound
RESERVED_S: Final = 10.0  # the disk sets room aside for so much sound to come: the end can always be recorded


def free_bytes(folder: Path) -> int:
    """Return how many bytes can still be written into the folder by this user."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


class Recorder:
    """Writes sound.wav, hand.samples and, with a microphone, mic.wav. Use ``step``, or ``start`` and ``finish``."""

    def __init__(
        self,
        folder: SessionFolder,
        *,
        tape_audio: Ring,
        tape_hands: Ring,
        tape_mic: Ring | None = None,
        rate_hz: int,
        on_failure: Callable[[str], None] | None = None,
        room: Callable[[Path], int] = free_bytes,
        clock: Callable[[], float] = time.monotonic,
        sync_s: float = SYNC_S,
    ) -> None:
        """Make the files; mic.wav only where there is a tape for it.

        on_failure is told once why the recording should end: room is short, or the disk has failed.

        Raises
        ------
        SessionFolderError
            They exist, cannot be made, or there is room for less than a minute.
        """
        self.failure = ""  # why nothing is written any more
        self.shortage = ""  # why the recording should end, while it is still being written
        self._folder, self._rate_hz = folder, rate_hz
        self._tape_hands = tape_hands
        self._on_failure, self._room, self._clock = on_failure, room, clock
        self._sync_s = sync_s
        self._synced = clock()
        self._samples = np.zeros(256, HAND_SAMPLE)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        wanted = [(SessionFolder.SOUND, tape_audio, TAPE_BLOCK, 64)]
        if tape_mic is not None:
            wanted.append((SessionFolder.MICROPHONE, tape_mic, MIC_BLOCK, 128))
        self._frame_bytes = sum(block["samples"].itemsize // block["samples"].shape[0] for _, _, block, _ in wanted)
        self._tracks: list[Track] = []
        if missing := self._missing_room():
            raise SessionFolderError(missing)
        try:
            try:
                for name, tape, block, count in wanted:
                    self._tracks.append(Track(folder.file(name), tape, block, rate_hz, count))
                samples = folder.file(SessionFolder.SAMPLES)
                self._hands = os.open(samples, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            except OSError:
                for track in self._tracks:
                    track.wav.close()
                    track.path.unlink()
                raise
        except FileExistsError as error:
            raise SessionFolderError(
                f"{error.filename} is there already; a recording is never written over, take a new folder"
            ) from error
        except OSError as error:
            raise SessionFolderError(
                f"no recording can be made in {folder.path} ({error.strerror}); free some space or mount it writable"
            ) from error
        for track in self._tracks:
            track.tape.open_consumer()
        tape_hands.open_consumer()

    @property
    def frames(self) -> int:
        """Frames of sound.wav recorded so far, silences included."""
        return self._tracks[0].wav.frames

    @property
    def microphone_frames(self) -> int:
        """Frames of mic.wav recorded so far, as many as of sound.wav where there is none."""
        return self._tracks[-1].wav.frames

    @property
    def silences(self) -> list[Silence]:
        """Stretches of sound.wav that no process played."""
        return self._tracks[0].silences

    def step(self) -> int:
        """Empty the tapes once, and sync when it is time; return how many records were taken. Raises nothing."""
        taken = 0
        for track in self._tracks:
            while count := track.take():
                taken += count
                self._guarded(track.write, count)
            track.tape.beat_consumer()
        while count := self._tape_hands.pop_into(self._samples):
            taken += count
            self._guarded(self._write_samples, count)
        self._tape_hands.beat_consumer()
        if self._clock() - self._synced >= self._sync_s:
            self._synced = self._clock()
            self._guarded(self._sync)
        return taken

    def start(self) -> None:
        """Record in a thread of its own until ``finish``."""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def finish(self, frames: int | None = None) -> None:
        """Take what is left on the tapes, make each WAV exactly so many frames long, and close the files.

        frames: length of the session; None leaves it at what was played. May be called twice. Raises nothing: see
        ``failure``.
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._hands < 0:
            return
        self.step()
        self._guarded(self._sync)
        if frames is not None:
            for track in self._tracks:
                self._guarded(track.end_at, frames)
        self._guarded(os.fsync, self._hands)
        with contextlib.suppress(OSError):  # the files are as whole as the disk lets them be
            os.close(self._hands)
        self._hands = -1
        for track in self._tracks:
            with contextlib.suppress(OSError):
                track.wav.close()

    def _run(self) -> None:
        before_frames()
        while not self._stop.is_set():
            self.step()
            self._stop.wait(POLL_S)

    def _guarded(self, action: Callable[..., object], *arguments: object) -> None:
        """Do it, unless the disk has failed before; a failure now ends the recording and is told once."""
        if self.failure:
            return
        try:
            action(*arguments)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            self._fail(
                f"{self._folder.path} {'is full' if full else 'cannot be written any more'} ({error.strerror});"
                f" the recording ends after {self.frames / self._rate_hz:.1f} s"
            )

    def _fail(self, reason: str) -> None:
        self.failure = reason
        if not self.shortage:
            self._ask_for_the_end(reason)

    def _ask_for_the_end(self, reason: str) -> None:
        if self._on_failure is not None:
            self._on_failure(reason)

    def _write_samples(self, count: int) -> None:
        content = memoryview(self._samples[:count].tobytes())
        while content:
            content = content[os.write(self._hands, content) :]

    def _sync(self) -> None:
        for track in self._tracks:
            track.wav.sync()
        os.fdatasync(self._hands)
        if not self.shortage and (missing := self._unreserved() or self._missing_room()):
            self.shortage = missing
            self._ask_for_the_end(missing)

    def _unreserved(self) -> str:
        """Set room aside when half of it is used up; return why the recording should end if there is none."""
        wanted = round(RESERVED_S * self._rate_hz)
        try:
            for track in self._tracks:
                if track.wav.reserved_frames < wanted // 2:
                    track.wav.reserve(wanted)
        except OSError as error:
            return f"{self._folder.path} has no room set aside for the next seconds ({error.strerror}); free some space"
        return ""

    def _missing_room(self) -> str:
        reserved_frames = min((track.wav.reserved_frames for track in self._tracks), default=0)
        try:
            room_s = (self._room(self._folder.path) / self._frame_bytes + reserved_frames) / self._rate_hz
        except OSError as error:
            return f"{self._folder.path} cannot be asked for its room ({error.strerror}); mount it writable"
        if room_s >= LEAST_ROOM_S:
            return ""
        return f"{self._folder.path} has room for {room_s:.0f} s, {LEAST_ROOM_S:.0f} s are needed; free some space"

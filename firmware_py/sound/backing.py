"""The file of a song's backing: by FluidSynth where it is wanted and there, rendered once and kept in the cache.

Not here: what our own voices play (``own_backing``), how FluidSynth is asked (``fluidsynth``).
"""

import contextlib
import hashlib
import os
import re
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import SessionFolderError
from firmware_py.music.song import Song
from firmware_py.sound.fluidsynth import FluidSynth, FluidSynthError, find_fluidsynth, play_parts
from firmware_py.sound.own_backing import (
    BASS,
    GUIDE_DB,
    GUIDE_LEVELS_DB,
    HELD,
    LEVEL_DB,
    PLUCKED,
    RECORDING_LUFS,
    STRUCK,
    VERSION,
    at_loudness,
    click_seconds,
    kind_of,
    loudness_of,
    pans_of,
    render_backing,
)

__all__ = [
    "BASS",
    "GUIDE_DB",
    "GUIDE_LEVELS_DB",
    "HELD",
    "LEVEL_DB",
    "PLUCKED",
    "STRUCK",
    "backing_file",
    "click_seconds",
    "kind_of",
    "render_backing",
]

MOST_CACHED: Final = 60  # files; the ones that were not used for longest go first
_CHECKSUM: Final = struct.Struct("<I")
_NAME: Final = re.compile(r".+-[0-9a-f]{24}\.backing\.npy")


def backing_file(
    song: Song | None,
    cache: Path,
    *,
    song_start_s: float,
    rate_hz: int,
    count_in_bars: int,
    click_through: bool = False,
    tones: Sequence[tuple[float, int]] = (),
    played_by: str = "own",
    soundfont: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Return the file that holds the backing (NumPy's .npy of ``render_backing``), rendering it where it is not cached.

    played_by: own, fluidsynth, or auto, which is FluidSynth where it is installed. soundfont: for FluidSynth; empty:
    one in the usual places. say is told, once, why our own voices play where FluidSynth was asked for or failed. A file
    that is damaged is rendered again. Raises SessionFolderError where the cache cannot be written, SongError for a
    recording that cannot be read.
    """
    fluidsynth = _fluidsynth(song, played_by, soundfont, say)
    settings = (song_start_s, rate_hz, count_in_bars, click_through, tuple(tones))
    path = cache / _name_of(song, settings, fluidsynth)
    if _is_whole(path):
        with contextlib.suppress(OSError):
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # used now, rendered then
        return path
    stems = render_backing(
        song,
        song_start_s=song_start_s,
        rate_hz=rate_hz,
        count_in_bars=count_in_bars,
        click_through=click_through,
        tones=tones,
    )
    if song and fluidsynth:
        try:
            stems[:, :2] = _by_fluidsynth(fluidsynth, song, stems, song_start_s, rate_hz)
        except FluidSynthError as error:
            say(f"{error}; the backing is played by Hand Dance's own voices")
            path = cache / _name_of(song, settings, None)
    _keep(stems, path)
    return path


def _keep(stems: NDArray[np.int16], path: Path) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            _save(stems, out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
        _forget_oldest(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise SessionFolderError(
            f"the backing cannot be kept in {path.parent} ({error.strerror}); free some space or mount it writable"
        ) from error


def _forget_oldest(cache: Path) -> None:
    cached = [path for path in cache.iterdir() if _NAME.fullmatch(path.name)]
    if len(cached) > MOST_CACHED:
        for path in sorted(cached, key=lambda p: p.stat().st_atime)[:-MOST_CACHED]:
            path.unlink(missing_ok=True)


def _fluidsynth(song: Song | None, played_by: str, soundfont: str, say: Callable[[str], None]) -> FluidSynth | None:
    """Return FluidSynth where it is to play, None where our own voices do."""
    if song is None or played_by == "own" or not song.parts or song.recording:
        return None
    try:
        return find_fluidsynth(soundfont)
    except FluidSynthError as error:
        if played_by == "fluidsynth" or soundfont:
            say(f"{error}; the backing is played by Hand Dance's own voices")
        return None


def _name_of(song: Song | None, settings: tuple[object, ...], fluidsynth: FluidSynth | None) -> str:
    """Return a file name that is another one wherever the sound would be another."""
    recording = Path(song.recording.file) if song and song.recording else None
    stat = recording.stat() if recording and recording.is_file() else None
    told = repr((VERSION, LEVEL_DB, GUIDE_DB, RECORDING_LUFS, song, settings, fluidsynth and fluidsynth.identity))
    told += repr((stat.st_size, stat.st_mtime_ns)) if stat else ""
    return f"{song.name if song else 'free'}-{hashlib.sha256(told.encode()).hexdigest()[:24]}.backing.npy"


def _by_fluidsynth(
    fluidsynth: FluidSynth, song: Song, stems: NDArray[np.int16], song_start_s: float, rate_hz: int
) -> NDArray[np.int16]:
    """Return FluidSynth's playing, as loud as our own in ``stems``."""
    own = loudness_of(stems[:, :2].astype(np.float32) / np.float32(32768), rate_hz)
    mix = play_parts(fluidsynth, song, pans_of(song), start_s=song_start_s, frames=len(stems), rate_hz=rate_hz)
    return at_loudness(mix, own, rate_hz)


def _save(stems: NDArray[np.int16], out: BinaryIO) -> None:
    """Write the array, and behind it, where NumPy does not look, a checksum of its values."""
    np.save(out, stems)
    out.write(_CHECKSUM.pack(zlib.crc32(stems.data)))


def _is_whole(path: Path) -> bool:
    """Tell whether a cached file is there and undamaged; reading it also brings it into memory."""
    try:
        stems = np.load(path, mmap_mode="r")
        if stems.dtype != np.int16 or stems.ndim != 2 or stems.shape[1] != 4 or not stems.flags.c_contiguous:
            return False
        with path.open("rb") as file:
            whole = file.seek(-_CHECKSUM.size, os.SEEK_END) == stems.offset + stems.nbytes
            return bool(whole and _CHECKSUM.unpack(file.read())[0] == zlib.crc32(stems.data))
    except (OSError, ValueError, EOFError):
        return False

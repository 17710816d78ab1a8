"""A recording that becomes a song's backing: decoded once, bounded, and written as FLAC beside the song file.

libsndfile reads WAV, FLAC, Ogg, Opus, MP3, AIFF; what it cannot (AAC, WMA) ffmpeg decodes where it is installed.
Not here: playing it (``sound.recorded_backing``).
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from firmware_py.errors import SongError
from firmware_py.music.song_file import MOST_SECONDS

MOST_BYTES: Final = 300_000_000
BLOCK_FRAMES: Final = 16_384
RATES_HZ: Final = (8_000, 192_000)
_FFMPEG_READS: Final = "mov,mp4,m4a,aac,asf,matroska,webm,mp3,ogg,flac,wav,amr,caf"
_FFMPEG_WITHIN_S: Final = 120.0


def seconds_of(path: Path) -> float:
    """Return how long a recording is. Raises SongError for one that cannot be read, is empty, or too long."""
    with _decodable(path) as found:
        return _checked(found, path)


def write_flac(path: Path, to: Path) -> float:
    """Write a recording as FLAC of 16 bits, one channel or two, at its own rate; return its length in seconds."""
    with _decodable(path) as found:
        _checked(found, path)
        try:
            with soundfile.SoundFile(found) as sound:
                channels = min(2, sound.channels)
                frames = 0
                with soundfile.SoundFile(to, "w", sound.samplerate, channels, subtype="PCM_16", format="FLAC") as out:
                    for block in sound.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True):
                        frames += len(block)
                        if frames > MOST_SECONDS * sound.samplerate:
                            raise _too_long(path, frames / sound.samplerate)
                        out.write(np.clip(np.nan_to_num(block[:, :channels]), -1.0, 1.0))
                return frames / float(sound.samplerate)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise SongError(f"{path}: the recording cannot be decoded ({_says(error)}); save it as WAV") from error
        except OSError as error:
            raise SongError(f"{to} cannot be written ({error.strerror}); make room") from error


def _checked(found: Path, path: Path) -> float:
    try:
        about = soundfile.info(str(found))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise SongError(f"{path}: the recording cannot be read ({_says(error)}); save it as WAV") from error
    if not RATES_HZ[0] <= about.samplerate <= RATES_HZ[1]:
        raise SongError(f"{path}: a rate of {about.samplerate} Hz; recordings have {RATES_HZ[0]}…{RATES_HZ[1]} Hz")
    if about.frames <= 0:
        raise SongError(f"{path}: the recording is empty")
    if about.duration > MOST_SECONDS:
        raise _too_long(path, about.duration)
    return float(about.duration)


@contextmanager
def _decodable(path: Path) -> Iterator[Path]:
    """Yield the file itself, or what ffmpeg makes of it where libsndfile does not know it."""
    try:
        if not path.is_file():
            raise SongError(f"{path} is not there; name the recording by --audio")
        if path.stat().st_size > MOST_BYTES:
            raise SongError(
                f"{path}: {path.stat().st_size / 1e6:.0f} MB is more than a song has; at most {MOST_BYTES // 10**6}"
            )
    except OSError as error:
        raise SongError(f"{path} cannot be read ({error.strerror}); name the recording by --audio") from error
    try:
        soundfile.info(str(path))
    except (soundfile.LibsndfileError, RuntimeError, TypeError) as error:
        if shutil.which("ffmpeg") is None:
            raise SongError(
                f"{path}: no sound that can be read here ({_says(error)}); install ffmpeg, or save it as WAV or MP3"
            ) from error
    else:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="hand-dance-") as folder:
        flac = Path(folder) / "sound.flac"
        _by_ffmpeg(path, flac)
        yield flac


def _by_ffmpeg(path: Path, flac: Path) -> None:
    # Only files, and only formats that name no other file: a play list must not reach what its sender cannot.
    command = ["ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", _FFMPEG_READS]
    command += ["-i", f"file:{path}", "-map", "0:a:0", "-ac", "2", "-t", f"{MOST_SECONDS + 1:g}", "-sample_fmt", "s16"]
    try:
        done = subprocess.run(
            [*command, "-f", "flac", f"file:{flac}"], capture_output=True, timeout=_FFMPEG_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SongError(f"{path}: ffmpeg could not decode it ({type(error).__name__}); save it as WAV") from error
    if done.returncode or not flac.is_file():
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SongError(f"{path}: no sound that can be read ({said[-1][-120:] if said else 'nothing'}); save it as WAV")


def _too_long(path: Path, seconds: float) -> SongError:
    return SongError(
        f"{path}: it lasts {seconds / 60:.0f} minutes; a song lasts at most {MOST_SECONDS / 60:.0f}: cut it"
    )


def _says(error: Exception) -> str:
    return str(error).rpartition(":")[2].strip().rstrip(".") or type(error).__name__

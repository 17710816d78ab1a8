"""The parts of a song played by FluidSynth, its command, with a SoundFont that is installed.

It is told every note by the millisecond at a rate at which its blocks are milliseconds too, so that each begins within
half a millisecond of its time. Not here: the project's own voices, levels and the cache (``backing``).
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

from firmware_py.music.song import Part, Song
from firmware_py.music.song_midi import DRUM_CHANNEL
from firmware_py.sound.resampling import resampled

RATE_HZ: Final = 64_000  # FluidSynth hears of notes every 64 frames: here once a millisecond
GAIN: Final = 0.2
WITHIN_S: Final = 120.0  # and as long again as the song
SOUNDFONT_FOLDERS: Final = (
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/sounds/sf2",
)
SOUNDFONTS: Final = ("GeneralUser", "FluidR3_GM", "TimGM6mb", "default-GM", "default")  # the better ones first
_BLOCK_FRAMES: Final = 1 << 16


class FluidSynthError(Exception):
    """FluidSynth cannot play here; the message says why. Whoever asked for it falls back on our own voices."""


@dataclass(frozen=True, slots=True)
class FluidSynth:
    """The command and the SoundFont that were found, and what tells them from others: their versions."""

    command: str
    soundfont: Path
    identity: str


def find_fluidsynth(soundfont: str = "") -> FluidSynth:
    """Return FluidSynth with a SoundFont: the one named, or the best in the usual places. Raises FluidSynthError."""
    command = shutil.which("fluidsynth")
    if command is None:
        raise FluidSynthError("FluidSynth is not installed (apt install fluidsynth)")
    path = Path(soundfont).expanduser() if soundfont else _usual_soundfont()
    if path is None:
        raise FluidSynthError("no SoundFont is installed (apt install timgm6mb-soundfont)")
    try:
        path = path.resolve(strict=True)
        stat = path.stat()
        with path.open("rb") as file:
            head = file.read(12)
    except (OSError, RuntimeError) as error:
        raise FluidSynthError(f"the SoundFont {path} cannot be read ({error})") from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise FluidSynthError(f"{path} is no SoundFont")
    return FluidSynth(command, path, f"{_version(command)}; {path} {stat.st_size} {stat.st_mtime_ns}")


def play_parts(
    fluidsynth: FluidSynth, song: Song, pans: list[float], *, start_s: float, frames: int, rate_hz: int
) -> NDArray[np.float32]:
    """Return the parts of a song as sound: float32, shape (frames, 2), the first bar line at ``start_s`` seconds.

    pans: of each part, −1 left … 1 right. Raises FluidSynthError.
    """
    seconds = frames / rate_hz
    with tempfile.TemporaryDirectory(prefix="hand-dance-") as folder:
        midi, wav = Path(folder) / "song.mid", Path(folder) / "song.wav"
        midi.write_bytes(_timed_midi(song, pans, start_s))
        command = [fluidsynth.command, "-n", "-i", "-q", "-f", "/dev/null", "-R", "0", "-C", "0", "-g", f"{GAIN:g}"]
        command += ["-r", str(RATE_HZ), "-z", "64", "-o", "synth.cpu-cores=1", "-o", "synth.dynamic-sample-loading=1"]
        command += ["-O", "s16", "-T", "wav", "-F", str(wav), str(fluidsynth.soundfont), str(midi)]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=WITHIN_S + seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise FluidSynthError(f"FluidSynth did not end within {WITHIN_S + seconds:.0f} s") from error
        except OSError as error:
            raise FluidSynthError(f"FluidSynth cannot be started ({error.strerror})") from error
        if done.returncode or not wav.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise FluidSynthError(f"FluidSynth failed ({said[-1][:200] if said else f'exit code {done.returncode}'})")
        return _sound(wav, frames, rate_hz)


def _sound(wav: Path, frames: int, rate_hz: int) -> NDArray[np.float32]:
    wanted = int(frames * RATE_HZ / rate_hz) + 1024
    try:
        sound, rate = soundfile.read(wav, frames=wanted, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise FluidSynthError(f"what FluidSynth wrote is no sound ({error})") from error
    if rate != RATE_HZ or sound.shape[1] != 2 or not np.any(sound):
        raise FluidSynthError("what FluidSynth wrote is silent or of another form")
    sound = resampled(sound, RATE_HZ, rate_hz)[:frames]
    return np.pad(sound, ((0, frames - len(sound)), (0, 0)))


def _timed_midi(song: Song, pans: list[float], start_s: float) -> bytes:
    """Return the parts as MIDI whose tick is a millisecond."""
    file = mido.MidiFile(type=1, ticks_per_beat=1000)
    conductor = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000)])
    file.tracks.append(conductor)
    pitched = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    channels = iter(pitched * (len(song.parts) // len(pitched) + 1))
    for part, pan in zip(song.parts, pans, strict=True):
        file.tracks.append(_track(song, part, DRUM_CHANNEL if part.drums else next(channels), pan, start_s))
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def _track(song: Song, part: Part, channel: int, pan: float, start_s: float) -> mido.MidiTrack:
    message = mido.Message
    events = [
        (0, 0, message("program_change", channel=channel, program=0 if part.drums else part.program)),
        (0, 1, message("control_change", channel=channel, control=10, value=round(64 + 63 * pan))),
    ]
    ends: dict[int, int] = {}
    for note in sorted(part.notes, key=lambda n: (n.onset, n.midi)):
        start = max(0, round((start_s + song.seconds(note.onset)) * 1000))
        stop = max(start + 1, round((start_s + song.seconds(note.onset) + song.seconds_of(note)) * 1000))
        if ends.get(note.midi, 0) > start:  # the same pitch again: the note before ends where this one begins
            events.append((start, 2, message("note_off", channel=channel, note=note.midi, velocity=0)))
        ends[note.midi] = stop
        events.append((start, 3, message("note_on", channel=channel, note=note.midi, velocity=note.velocity)))
        events.append((stop, 2, message("note_off", channel=channel, note=note.midi, velocity=0)))
    track, now = mido.MidiTrack(), 0
    for tick, _, event in sorted(events, key=lambda e: e[:2]):
        track.append(event.copy(time=tick - now))
        now = tick
    return track


def _usual_soundfont() -> Path | None:
    for name in SOUNDFONTS:
        for folder in SOUNDFONT_FOLDERS:
            found = sorted(path for path in Path(folder).glob(f"{name}*.sf[23]") if path.is_file())
            if found:
                return found[0]
    return None


@cache
def _version(command: str) -> str:
    try:
        done = subprocess.run([command, "--version"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FluidSynthError(f"FluidSynth cannot be started ({error})") from error
    lines = done.stdout.decode(errors="replace").splitlines()
    return next((line.strip() for line in lines if "version" in line), "of unknown version")

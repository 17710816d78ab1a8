"""The backing of a song: parts or recording, clicks and guide melody, rendered by the project's own voices.

Four columns from t0 on, so that their levels can be changed while they play: left, right, metronome, guide. Quiet on
purpose: the instrument must lead. Not here: what the parts play (``music.song``), FluidSynth and the cache
(``backing``), mixing (``ext/include/engine.h``).
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._tones import add_drum, add_note
from firmware_py.music.loudness import LoudnessMeter
from firmware_py.music.song import VELOCITY, Part, Song
from firmware_py.sound.recorded_backing import recorded

VERSION: Final = 4  # of the sound: another one, and cached backings are rendered again
LEVEL_DB: Final = -34.0  # RMS against full scale: 15 to 20 dB below the instrument
RECORDING_LUFS: Final = -31.5  # about what our own parts have
GUIDE_DB: Final = -28.0  # RMS likewise, of the guide melody where it is "on"
GUIDE_LEVELS_DB: Final = {"off": -90.0, "soft": -10.0, "on": 0.0}
CLICK_DB: Final = -12.0
TONE_S: Final = 0.25
TAIL_S: Final = 2.0
STRUCK, PLUCKED, HELD, BASS = range(4)
GUIDE_PROGRAM: Final = 73  # a flute: a held tone, as the instrument's is
_GAINS: Final = {STRUCK: 1.0, PLUCKED: 0.9, HELD: 0.55, BASS: 1.1}


def kind_of(program: int) -> int:
    """Return which of the four kinds of tone sounds a General MIDI program (0…127)."""
    if 24 <= program < 32 or 104 <= program < 112 or 45 <= program < 47:
        return PLUCKED
    if 32 <= program < 40:
        return BASS
    if 16 <= program < 24 or 40 <= program < 104:
        return HELD
    return STRUCK


def click_seconds(song: Song, song_start_s: float, bars: int, *, through: bool = False) -> list[tuple[float, bool]]:
    """Return when it clicks, in seconds from t0, and whether on a bar's first beat; none before t0.

    bars: counted before the first bar line. through: on every beat of the song as well. A recording without a melody
    has no beat that anybody knows, and no clicks.
    """
    if not song.melody:
        return []
    clicks = []
    for bar in range(-bars, song.bars if through else 0):
        metre, start = song.bar_grid.metre_of(bar), song.bar_grid.start_of(bar)
        clicks += [(song_start_s + song.seconds(start + n * metre.beat), n == 0) for n in range(metre.beats)]
    return [(at_s, first) for at_s, first in clicks if at_s > -1e-9]


def render_backing(
    song: Song | None,
    *,
    song_start_s: float,
    rate_hz: int,
    count_in_bars: int,
    click_through: bool = False,
    tones: Sequence[tuple[float, int]] = (),
) -> NDArray[np.int16]:
    """Render the backing.

    Parameters
    ----------
    song
        At the tempo it is played at; None: there is nothing but the tones.
    song_start_s
        The melody's first beat, seconds from t0.
    rate_hz
        Sampling rate.
    count_in_bars
        Bars of clicks before the first beat, as far as there is room after t0.
    click_through
        Clicks on the beats of the song as well.
    tones
        Short notes before the clicks, as (seconds from t0, MIDI number), at the level of the metronome.

    Returns
    -------
    NDArray[np.int16]
        shape (n, 4): left, right, metronome, guide melody.
    """
    seconds = song_start_s + (song.seconds(song.end) if song else 0.0) + TAIL_S
    stems = np.zeros((max(1, round(seconds * rate_hz)), 4), np.int16)
    stems[:, 2] = _tones(tones, len(stems), rate_hz)
    if song is None:
        return stems
    mix = np.zeros((len(stems), 2), np.float32)
    for part, pan in zip(song.parts, pans_of(song), strict=True):
        _add_part(mix, song, part, song_start_s, pan, rate_hz)
    if song.recording:
        counted_s = -song.seconds(-count_in_bars * song.bar_beats) if song.melody else 0.0
        sound = recorded(
            song.recording,
            song_start_s=song_start_s,
            frames=len(mix),
            rate_hz=rate_hz,
            fade_out_s=TAIL_S,
            enters_s=max(0.0, song_start_s - counted_s),
        )
        stems[:, :2] = at_loudness(sound, RECORDING_LUFS, rate_hz)
    else:
        stems[:, :2] = _at_level(mix, LEVEL_DB)
    del mix
    guide = np.zeros((len(stems), 2), np.float32)
    _add_part(guide, song, Part("guide", GUIDE_PROGRAM, song.melody), song_start_s, 0.0, rate_hz)
    stems[:, 3] = _at_level(guide, GUIDE_DB)[:, 0]
    for at_s, first in click_seconds(song, song_start_s, count_in_bars, through=click_through):
        at = round(at_s * rate_hz)
        click = _click(first, rate_hz)[: len(stems) - at]
        stems[at : at + len(click), 2] += click
    return stems


def pans_of(song: Song) -> list[float]:
    """Return where each part stands, −1 left … 1 right."""
    return [
        0.0 if part.drums or kind_of(part.program) == BASS else (0.35, -0.35, 0.15, -0.15)[number % 4]
        for number, part in enumerate(song.parts)
    ]


def loudness_of(sound: NDArray[np.float32], rate_hz: int) -> float:
    """Return the loudness of sound, float32, shape (n, 2), in LUFS; -inf for silence."""
    meter = LoudnessMeter(rate_hz)
    meter.add(np.ascontiguousarray(sound))
    return meter.loudness().lufs


def at_loudness(sound: NDArray[np.float32], lufs: float, rate_hz: int) -> NDArray[np.int16]:
    """Return sound at a loudness in LUFS, no sample above half of full scale; what is silent stays so."""
    own = loudness_of(sound, rate_hz)
    if math.isfinite(own) and math.isfinite(lufs):
        sound = sound * np.float32(10 ** ((lufs - own) / 20))
    return np.rint(np.clip(sound, -0.5, 0.5) * 32767).astype(np.int16)


def _at_level(mix: NDArray[np.float32], rms_db: float) -> NDArray[np.int16]:
    """Return the mix at this RMS against full scale; silence stays silence."""
    loud = float(np.sqrt(np.mean(np.square(mix, dtype=np.float64))))
    if loud > 0:
        mix *= np.float32(10 ** (rms_db / 20) / loud)
        np.clip(mix, -0.5, 0.5, out=mix)
    return np.rint(mix * 32767).astype(np.int16)


def _add_part(mix: NDArray[np.float32], song: Song, part: Part, start_s: float, pan: float, rate_hz: int) -> None:
    kind = kind_of(part.program)
    for note in part.notes:
        first = round((start_s + song.seconds(note.onset)) * rate_hz)
        if part.drums:
            add_drum(mix, first, key=note.midi, gain=0.8 * (note.velocity / VELOCITY), rate_hz=rate_hz)
        else:
            add_note(
                mix,
                first,
                kind=kind,
                midi=float(note.midi),
                seconds=song.seconds_of(note),
                gain=_GAINS[kind] * (note.velocity / VELOCITY),
                pan=pan,
                rate_hz=rate_hz,
            )


def _tones(tones: Sequence[tuple[float, int]], frames: int, rate_hz: int) -> NDArray[np.int16]:
    """Return short notes, mono; silence for none."""
    mix = np.zeros((frames, 2), np.float32)
    for at_s, midi in tones:
        at, seconds = round(at_s * rate_hz), TONE_S
        add_note(mix, at, kind=STRUCK, midi=float(midi), seconds=seconds, gain=1.0, pan=0.0, rate_hz=rate_hz)
    loudest = float(np.abs(mix).max(initial=0.0))
    if loudest > 0:
        mix *= np.float32(10 ** (CLICK_DB / 20) / loudest)
    return np.rint(mix[:, 0] * 32767).astype(np.int16)


def _click(first: bool, rate_hz: int) -> NDArray[np.int16]:
    """Return one click: a short falling tone, higher on the first beat of a bar."""
    at_s = np.arange(round(0.06 * rate_hz)) / rate_hz
    shape = np.minimum(1.0, at_s / 0.001) * np.exp(-80.0 * at_s) * (1 - at_s / at_s[-1])
    tone = np.sin(2 * np.pi * (1760.0 if first else 1174.66) * at_s)
    click: NDArray[np.int16] = np.rint(32767 * 10 ** (CLICK_DB / 20) * shape * tone).astype(np.int16)
    return click

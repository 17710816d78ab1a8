"""What a file of another program said, before it is a song: voices, harmony, metre, tempo, and remarks for a person.

Not here: reading the formats (one module each), choosing the melody (``choosing``), making the song (``making``).
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from firmware_py.music.bars import MetreChange
from firmware_py.music.part_text import MOST_PART_NOTES
from firmware_py.music.song import Recording, ScoreChord, ScoreNote
from firmware_py.music.song_file import TEMPO_BPM
from firmware_py.music.tempo_map import TempoChange, TempoMap

MOST_NOTES: Final = MOST_PART_NOTES  # in all voices together
FINE: Final = 960  # parts keep their place to this share of a quarter note
DEFAULT_TEMPO_BPM: Final = 120.0


@dataclass(frozen=True, slots=True)
class Voice:
    """One line of a file: its name, General MIDI program, whether it is drums, and its notes, which may overlap.

    ``of_one_staff`` is the same for voices that are written on one staff, so that the melody's own are told apart.
    """

    name: str
    notes: tuple[ScoreNote, ...]
    program: int = 0
    drums: bool = False
    of_one_staff: str = ""


@dataclass(frozen=True)
class Score:
    """A file as it was understood; onsets are quarter notes from the first bar line.

    key is empty where the file names none. exact: the notes lie where a person wrote them, and need no quantising.
    """

    title: str
    composer: str
    voices: tuple[Voice, ...]
    metre: tuple[int, int] = (4, 4)
    metres: tuple[MetreChange, ...] = ()
    tempo_bpm: float = DEFAULT_TEMPO_BPM
    tempos: tuple[TempoChange, ...] = ()
    pickup: Fraction = Fraction(0)
    key: str = ""
    year: int = 0
    chords: tuple[ScoreChord, ...] = ()
    recording: Recording | None = None
    exact: bool = True
    remarks: tuple[str, ...] = ()

    def moved(self, beats: Fraction) -> "Score":
        """Return the score so many quarter notes later; what lay before its first bar line lies behind it."""
        if not beats:
            return self
        return replace(
            self,
            voices=tuple(
                replace(v, notes=tuple(replace(n, onset=n.onset + beats) for n in v.notes)) for v in self.voices
            ),
            metres=tuple(replace(c, onset=c.onset + beats) for c in self.metres),
            tempos=tuple(replace(c, onset=c.onset + beats) for c in self.tempos),
            chords=tuple(replace(c, onset=c.onset + beats) for c in self.chords),
        )


def plan_of_bars(
    bars: list[tuple[Fraction, tuple[int, int]]],
) -> tuple[tuple[int, int], tuple[MetreChange, ...], Fraction]:
    """Return the first metre, its changes and the upbeat of bars that are given by their length and written metre.

    A first bar that is shorter than its metre is an upbeat: what it lacks is put before it, and everything else lies as
    much later. Another bar of odd length has a metre of its own. Lengths are multiples of a quarter of a quarter note.
    """
    first = bars[0][1]
    whole = Fraction(first[0] * 4, first[1])
    pickup = bars[0][0] if bars[0][0] < whole and len(bars) > 1 else Fraction(0)
    changes: list[MetreChange] = []
    now, at = first, Fraction(0)
    for number, (length, metre) in enumerate(bars):
        real = metre if (number == 0 and pickup) else metre_of(length, metre)
        if real != now:
            if at:
                changes.append(MetreChange(at, *real))
            else:
                first = real
            now = real
        at += Fraction(real[0] * 4, real[1])
    return first, tuple(changes), pickup


def metre_of(length: Fraction, wanted: tuple[int, int]) -> tuple[int, int]:
    """Return a metre for a bar of so many quarter notes, a multiple of a quarter: the wanted one where it fits."""
    if Fraction(wanted[0] * 4, wanted[1]) == length:
        return wanted
    for unit in (wanted[1], 4, 8, 16):
        beats = length * unit / 4
        if beats.denominator == 1 and 1 <= beats <= 99:
            return int(beats), unit
    return 99, 16


def evened_tempos(tempos: list[tuple[Fraction, float]]) -> tuple[float, tuple[TempoChange, ...]]:
    """Return the first tempo and its changes: one a quarter note at most, which together take the same time.

    tempos: where, in quarter notes, and how many quarter notes a minute; in order, the first one at 0.
    """
    exact = TempoMap(tempos[0][1], [TempoChange(at, bpm) for at, bpm in tempos[1:] if at > 0])
    at_zero = [bpm for at, bpm in tempos if at <= 0]
    bpm = _playable(at_zero[-1] if at_zero else tempos[0][1])
    exact = TempoMap(bpm, [TempoChange(at, bpm_) for at, bpm_ in tempos if at > 0])
    beats: dict[int, list[tuple[Fraction, float]]] = {}
    for at, value in tempos:
        if at > 0:
            beats.setdefault(int(at), []).append((at, value))
    changes: list[TempoChange] = []
    for beat, within in beats.items():
        last = within[-1][1]
        if len(within) == 1 and within[0][0].denominator <= FINE:
            changes.append(TempoChange(within[0][0], _playable(last)))
            continue
        took_s = exact.seconds_at(beat + 1) - exact.seconds_at(beat)
        if beat:
            changes.append(TempoChange(Fraction(beat), _playable(60.0 / took_s)))
        else:
            bpm = _playable(60.0 / took_s)
        changes.append(TempoChange(Fraction(beat + 1), _playable(last)))
    kept: dict[Fraction, float] = {change.onset: change.bpm for change in changes}
    done: list[TempoChange] = []
    now = bpm
    for onset in sorted(kept):
        if kept[onset] != now:
            done.append(TempoChange(onset, kept[onset]))
            now = kept[onset]
    return bpm, tuple(done)


def _playable(bpm: float) -> float:
    return round(min(TEMPO_BPM[1], max(TEMPO_BPM[0], bpm)), 3)

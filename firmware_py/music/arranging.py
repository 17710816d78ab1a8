"""Arranging: a backing of bass, pad, plucked chords and light drums, made from a song's chords by a few plain rules.

The result is data, parts of ScoreNotes; nothing is random, so the same chords give the same backing.
Not here: how a part sounds (``sound``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.bars import MetreChange
from firmware_py.music.chords import Chord, parse_chord
from firmware_py.music.song import Part, ScoreChord, ScoreNote

ACOUSTIC_BASS: Final = 32  # General MIDI programs, counted from 0
NYLON_GUITAR: Final = 24
WARM_PAD: Final = 89
KICK: Final = 36  # General MIDI's drum keys
SIDE_STICK: Final = 37
CLOSED_HAT: Final = 42
BASS_LOWEST: Final = 33  # A1: below it a small loudspeaker shows nothing
PAD_CENTRE: Final = 57  # A3: under the melody's usual range

QUARTER: Final = Fraction(1)
EIGHTH: Final = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class _Style:
    """Which voices a backing has."""

    pad: bool
    plucked: str  # "arpeggio", "strum" or ""
    bass: bool
    drums: bool


_STYLES: Final = {
    "band": _Style(pad=True, plucked="strum", bass=True, drums=True),
    "gentle": _Style(pad=True, plucked="arpeggio", bass=True, drums=False),
    "folk": _Style(pad=False, plucked="strum", bass=True, drums=False),
    "none": _Style(pad=False, plucked="", bass=False, drums=False),
}
STYLES: Final = tuple(_STYLES)


def arrange(
    chords: Sequence[ScoreChord],
    *,
    beats_per_bar: int,
    beat_unit: int,
    end: Fraction,
    style: str = "band",
    metres: Sequence[MetreChange] = (),
) -> tuple[Part, ...]:
    """Return the backing parts under these chords, none of them beyond ``end`` (beats).

    style is one of STYLES; metres are the changes of the metre. Raises SongError for an unknown style or chord.
    """
    if metres:
        return _arranged_by_metre(chords, beats_per_bar, beat_unit, end, style, metres)
    if style not in _STYLES:
        raise SongError(f"backing {style!r} is not known; there are {', '.join(STYLES)}")
    voices = _STYLES[style]
    pulse = _pulse(beats_per_bar, beat_unit)
    bar = Fraction(beats_per_bar * 4, beat_unit)
    harmony = [(c, parse_chord(c.symbol)) for c in chords if c.onset < end]
    parts = []
    if voices.bass:
        parts.append(Part("Bass", ACOUSTIC_BASS, tuple(_bass(harmony, bar, pulse, end))))
    if voices.pad:
        parts.append(Part("Pad", WARM_PAD, tuple(_pad(harmony, end))))
    if voices.plucked:
        pluck = _strum if voices.plucked == "strum" else _arpeggio
        parts.append(Part("Guitar", NYLON_GUITAR, tuple(pluck(harmony, bar, pulse, end))))
    if voices.drums and harmony:
        parts.append(Part("Drums", 0, tuple(_drums(harmony[0][0].onset, bar, pulse, end)), drums=True))
    return tuple(part for part in parts if part.notes)


def _arranged_by_metre(
    chords: Sequence[ScoreChord],
    beats_per_bar: int,
    beat_unit: int,
    end: Fraction,
    style: str,
    metres: Sequence[MetreChange],
) -> tuple[Part, ...]:
    """Arrange each stretch of one metre for itself, and join them part by part."""
    stretches = [MetreChange(Fraction(0), beats_per_bar, beat_unit), *metres]
    joined: dict[str, Part] = {}
    for n, metre in enumerate(stretches):
        start, stop = metre.onset, stretches[n + 1].onset if n + 1 < len(stretches) else end
        within = [
            ScoreChord(max(c.onset, start) - start, min(c.onset + c.duration, stop) - max(c.onset, start), c.symbol)
            for c in chords
            if c.onset < stop and c.onset + c.duration > start
        ]
        if stop <= start:
            continue
        for part in arrange(within, beats_per_bar=metre.beats, beat_unit=metre.unit, end=stop - start, style=style):
            before = joined.get(part.name, replace(part, notes=()))
            notes = tuple(replace(note, onset=note.onset + start) for note in part.notes)
            joined[part.name] = replace(before, notes=before.notes + notes)
    return tuple(joined.values())


def _pulse(beats_per_bar: int, beat_unit: int) -> Fraction:
    """Return the length of the beat that people tap to: a dotted one in 6/8, 9/8 and 12/8."""
    unit = Fraction(4, beat_unit)
    return 3 * unit if beat_unit >= 8 and beats_per_bar % 3 == 0 else unit


def _bass(
    harmony: Sequence[tuple[ScoreChord, Chord]], bar: Fraction, pulse: Fraction, end: Fraction
) -> Iterator[ScoreNote]:
    """Root where a chord begins and on each bar's first beat, the fifth in the middle of a bar of two or four beats."""
    pulses = bar / pulse
    middle = bar / 2 if pulses % 2 == 0 else None
    for symbol, chord in harmony:
        stop = min(symbol.onset + symbol.duration, end)
        starts = [symbol.onset]
        if middle is not None:
            first = -(-symbol.onset // middle) * middle
            starts += [t for t in _every(first, stop, middle) if t > symbol.onset]
        else:
            starts += [t for t in _every(-(-symbol.onset // bar) * bar, stop, bar) if t > symbol.onset]
        for n, start in enumerate(starts):
            off_beat = middle is not None and start % bar == middle and n > 0
            wanted = chord.fifth if off_beat else chord.bass
            until = starts[n + 1] if n + 1 < len(starts) else stop
            yield ScoreNote(start, until - start, _at_or_above(wanted, BASS_LOWEST))


def _pad(harmony: Sequence[tuple[ScoreChord, Chord]], end: Fraction) -> Iterator[ScoreNote]:
    """Each chord held for its length, every voice moving as little as it can."""
    before: tuple[int, ...] = ()
    for symbol, chord in harmony:
        before = _nearest_voicing(chord, before)
        for midi in before:
            yield ScoreNote(symbol.onset, min(symbol.duration, end - symbol.onset), midi)


def _strum(
    harmony: Sequence[tuple[ScoreChord, Chord]], bar: Fraction, pulse: Fraction, end: Fraction
) -> Iterator[ScoreNote]:
    """Short chords on the beats that the bass leaves free: two and three of three, two and four of four."""
    before: tuple[int, ...] = ()
    for symbol, chord in harmony:
        before = _nearest_voicing(chord, before)
        for start in _every(-(-symbol.onset // pulse) * pulse, min(symbol.onset + symbol.duration, end), pulse):
            beat = start % bar / pulse
            if beat == 0 or (bar / pulse == 4 and beat == 2):
                continue
            for midi in before:
                yield ScoreNote(start, pulse * 3 / 4, midi)


def _arpeggio(
    harmony: Sequence[tuple[ScoreChord, Chord]], bar: Fraction, pulse: Fraction, end: Fraction
) -> Iterator[ScoreNote]:
    """Eighths up the chord and down again, from its lowest note at each chord and bar."""
    del pulse
    before: tuple[int, ...] = ()
    for symbol, chord in harmony:
        before = _nearest_voicing(chord, before)
        path = before + before[-2:0:-1]
        starts = list(_every(symbol.onset, min(symbol.onset + symbol.duration, end), EIGHTH))
        for start in starts:
            since = min(start - symbol.onset, start % bar)
            yield ScoreNote(start, EIGHTH, path[int(since / EIGHTH) % len(path)])


def _drums(start: Fraction, bar: Fraction, pulse: Fraction, end: Fraction) -> Iterator[ScoreNote]:
    """Kick on the first beat (and the third of four), side stick on the others of an even bar, soft hats between."""
    pulses = bar / pulse
    last_bar = end - bar
    for t in _every(-(-start // pulse) * pulse, end, pulse):
        beat = t % bar / pulse
        if t >= last_bar and beat > 0:
            break  # the last bar ends on its first beat, with the melody's last note
        if beat == 0 or (pulses == 4 and beat == 2):
            yield ScoreNote(t, EIGHTH, KICK)
        elif pulses % 2 == 0:
            yield ScoreNote(t, EIGHTH, SIDE_STICK)
        if beat > 0 or pulses % 2 == 0:
            yield ScoreNote(t, EIGHTH, CLOSED_HAT)


def _nearest_voicing(chord: Chord, before: tuple[int, ...]) -> tuple[int, ...]:
    """Return three notes of the chord, rising, nearest to the chord before, or to the middle of the pad's range."""
    classes = list(chord.classes)
    if len(classes) == 4:
        classes.remove(chord.fifth)  # of four notes the fifth is missed least
    near = before or (PAD_CENTRE - 4, PAD_CENTRE, PAD_CENTRE + 4)
    best: tuple[int, ...] = ()
    best_cost = float("inf")
    for turn in range(3):
        rising = [classes[(turn + i) % 3] for i in range(3)]
        for lowest in (43, 55):
            notes: list[int] = []
            for wanted in rising:
                notes.append(_at_or_above(wanted, notes[-1] + 1 if notes else lowest))
            cost = float(sum(abs(a - b) for a, b in zip(notes, near, strict=True)))
            cost += abs(notes[1] - PAD_CENTRE) * 0.1  # or it would wander away over a long song
            if cost < best_cost:
                best, best_cost = tuple(notes), cost
    return best


def _at_or_above(pitch_class: int, lowest: int) -> int:
    return lowest + (pitch_class - lowest) % 12


def _every(start: Fraction, stop: Fraction, step: Fraction) -> Iterator[Fraction]:
    while start < stop:
        yield start
        start += step

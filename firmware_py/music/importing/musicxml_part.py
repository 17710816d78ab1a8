"""One part of a MusicXML score, bar by bar as written: notes at their sounding pitch, tempo, chords, repeat signs.

Not here: putting the bars into the order in which they sound (``musicxml_reading``).
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final
from xml.etree.ElementTree import Element

from firmware_py.errors import SongError
from firmware_py.music.importing.harmony import chord_symbol
from firmware_py.music.importing.quantising import on_grid
from firmware_py.music.importing.repeats import MOST_BARS, Marks
from firmware_py.music.pitch import MIDI_HIGHEST, MIDI_LOWEST

_NUMBER: Final = re.compile(r"\s*(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s*")
_CLASSES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_BEAT_UNITS: Final[dict[str, int | Fraction]] = {
    "whole": 4,
    "half": 2,
    "quarter": 1,
    "eighth": Fraction(1, 2),
    "16th": Fraction(1, 4),
}
_MOST_BEATS: Final = 400  # of one bar, whatever stands in it


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note of one bar: staff and voice, onset from the bar line and duration in quarter notes, MIDI number, ties."""

    voice: tuple[str, str]
    onset: Fraction
    duration: Fraction
    midi: int
    tie_start: bool
    tie_stop: bool


@dataclass
class Measure:
    """One written bar. filled: quarter notes that stand in it; metre as it holds here."""

    number: str
    metre: tuple[int, int]
    implicit: bool = False
    filled: Fraction = Fraction(0)
    notes: list[Sounding] = field(default_factory=list)
    tempos: list[tuple[Fraction, float]] = field(default_factory=list)
    harmonies: list[tuple[Fraction, str]] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)


class PartReader:
    """Reads one part; what holds from a bar on (divisions, metre, transposition) is kept between bars.

    keys: (fifths, mode, semitones of transposition) of each key signature. percussion: notes without pitch stand in it.
    grace, cue: how many of those were left out.
    """

    def __init__(self, name: str, drum_keys: dict[str, int], source: str) -> None:
        self.name = name
        self.measures: list[Measure] = []
        self.keys: list[tuple[int, str, int]] = []
        self.percussion = False
        self.grace = self.cue = 0
        self._drum_keys = drum_keys
        self._source = source
        self._divisions = Fraction(1)
        self._metre = (4, 4)
        self._semitones = 0
        self._bar = Measure("", (4, 4))
        self._at = Fraction(0)  # where the next note begins
        self._chord_at = Fraction(0)  # where the one before began: for notes of the same chord

    def read(self, part: Element) -> None:
        """Read every bar. Raises SongError with part and bar."""
        for element in part.findall("measure"):
            if len(self.measures) >= MOST_BARS:
                raise SongError(f"{self._source}: it has more than {MOST_BARS} bars; cut it")
            number = (element.get("number") or str(len(self.measures) + 1))[:12]
            self._bar = Measure(number, self._metre, element.get("implicit") == "yes")
            self._at = Fraction(0)
            self.measures.append(self._bar)
            for child in element:
                self._read_child(child)
            if self._bar.filled > _MOST_BEATS:
                raise self._refused(f"the bar holds {float(self._bar.filled):.0f} quarter notes, which is none")

    def _read_child(self, child: Element) -> None:
        match child.tag:
            case "note":
                self._read_note(child)
            case "backup":
                self._move(-self._beats(child))
            case "forward":
                self._move(self._beats(child))
            case "attributes":
                self._read_attributes(child)
            case "direction":
                self._read_direction(child)
            case "sound":
                self._read_sound(child, self._at)
            case "harmony":
                at = on_grid(max(Fraction(0), self._at + self._offset(child)))
                self._bar.harmonies.append((at, chord_symbol(child)))
            case "barline":
                self._read_barline(child)

    def _move(self, beats: Fraction) -> None:
        self._at = max(Fraction(0), self._at + beats)
        self._fill(self._at)

    def _fill(self, until: Fraction) -> None:
        self._bar.filled = max(self._bar.filled, until)

    def _read_note(self, note: Element) -> None:
        if note.find("grace") is not None:
            self.grace += 1
            return
        duration = self._beats(note)
        if note.find("chord") is None:
            self._chord_at = self._at
            self._move(duration)
        onset = self._chord_at
        if note.find("cue") is not None:
            self.cue += 1
            return
        midi = self._midi(note)
        start, end = on_grid(onset), on_grid(onset + duration)
        if midi is None or end <= start:
            return
        ties = {tie.get("type") for tie in note.findall("tie")}
        voice = ((note.findtext("staff") or "").strip()[:8], (note.findtext("voice") or "1").strip()[:8])
        self._bar.notes.append(Sounding(voice, start, end - start, midi, "start" in ties, "stop" in ties))

    def _midi(self, note: Element) -> int | None:
        """Return a note's sounding MIDI number, None for a rest and for a drum that has none."""
        pitch = note.find("pitch")
        if pitch is not None:
            step = (pitch.findtext("step") or "").strip()
            octave = self._number(pitch.findtext("octave"), "an octave")
            alter = self._number(pitch.findtext("alter") or "0", "an alteration")
            if step not in _CLASSES:
                raise self._refused(f"{step[:20]!r} is no step; a pitch has a step A…G")
            midi = round(12 * (octave + 1) + _CLASSES[step] + alter) + self._semitones
            if not MIDI_LOWEST <= midi <= MIDI_HIGHEST:
                raise self._refused(f"the pitch {step}{octave} lies outside the notes that MIDI knows")
            return midi
        if note.find("unpitched") is not None:
            self.percussion = True
            instrument = note.find("instrument")
            return self._drum_keys.get(instrument.get("id", "") if instrument is not None else "")
        return None

    def _read_attributes(self, attributes: Element) -> None:
        if (divisions := attributes.findtext("divisions")) is not None:
            self._divisions = self._number(divisions, "divisions")
            if self._divisions <= 0:
                raise self._refused("divisions are not above 0, so that nothing has a length")
        time = attributes.find("time")
        if time is not None and time.find("senza-misura") is None and time.find("beats") is not None:
            self._metre = self._read_metre(time)
            if not self._at:
                self._bar.metre = self._metre
        transpose = attributes.find("transpose")
        if transpose is not None:
            chromatic = self._number(transpose.findtext("chromatic") or "0", "a transposition")
            octaves = self._number(transpose.findtext("octave-change") or "0", "a transposition")
            self._semitones = round(chromatic + 12 * octaves)
        for clef in attributes.findall("clef"):
            self.percussion |= (clef.findtext("sign") or "").strip() == "percussion"
        key = attributes.find("key")
        if key is not None and key.find("fifths") is not None:
            fifths = int(self._number(key.findtext("fifths"), "a key"))
            if -7 <= fifths <= 7:
                mode = (key.findtext("mode") or "").strip()
                self.keys.append((fifths, mode if mode in ("major", "minor") else "", self._semitones))

    def _read_metre(self, time: Element) -> tuple[int, int]:
        """Read a metre; of one like 3+2 over 8 the sum counts."""
        beats = (time.findtext("beats") or "").split("+")
        unit = self._number(time.findtext("beat-type"), "a metre")
        count = sum(self._number(b, "a metre") for b in beats)
        if count.denominator != 1 or unit.denominator != 1 or not 1 <= count <= 99 or unit not in (1, 2, 4, 8, 16, 32):
            raise self._refused(f"a metre of {count}/{unit} cannot be counted")
        if unit == 32:
            return (int(count) // 2, 16) if count % 2 == 0 else (int(count), 16)
        return int(count), int(unit)

    def _read_direction(self, direction: Element) -> None:
        at = max(Fraction(0), self._at + self._offset(direction))
        marks = self._bar.marks
        for kind in direction.findall("direction-type"):
            marks.segno |= kind.find("segno") is not None
            marks.coda |= kind.find("coda") is not None and not self._at
        sound = direction.find("sound")
        if sound is not None:
            self._read_sound(sound, at)
        if sound is None or sound.get("tempo") is None:
            for metronome in direction.iter("metronome"):
                self._read_metronome(metronome, at)

    def _read_metronome(self, metronome: Element, at: Fraction) -> None:
        unit = Fraction(_BEAT_UNITS.get((metronome.findtext("beat-unit") or "").strip(), 0))
        found = re.search(r"[0-9]{1,3}(?:\.[0-9]{1,3})?", metronome.findtext("per-minute") or "")
        if not unit or not found or metronome.findtext("per-minute") is None:
            return
        if metronome.find("beat-unit-dot") is not None:
            unit = unit * 3 / 2
        if bpm := float(Fraction(found[0]) * unit):
            self._bar.tempos.append((on_grid(at), bpm))

    def _read_sound(self, sound: Element, at: Fraction) -> None:
        if (tempo := sound.get("tempo")) is not None:
            bpm = float(self._number(tempo, "a tempo"))
            if bpm <= 0:
                raise self._refused(f"a tempo of {bpm:g} cannot be played; correct it")
            self._bar.tempos.append((on_grid(at), bpm))
        marks = self._bar.marks
        marks.segno |= sound.get("segno") is not None
        marks.coda |= sound.get("coda") is not None
        marks.to_coda |= sound.get("tocoda") is not None
        marks.da_capo |= sound.get("dacapo") == "yes"
        marks.dal_segno |= sound.get("dalsegno") is not None
        marks.fine |= sound.get("fine") is not None

    def _read_barline(self, barline: Element) -> None:
        marks = self._bar.marks
        repeat = barline.find("repeat")
        if repeat is not None:
            if repeat.get("direction") == "forward":
                marks.forward = True
            else:
                marks.backward = max(2, int(self._number(repeat.get("times", "2"), "a repeat")))
        ending = barline.find("ending")
        if ending is not None:
            if ending.get("type") == "start":
                numbers = re.findall(r"[0-9]{1,2}", ending.get("number", "1"))
                marks.endings |= {int(n) for n in numbers} or {1}
            else:
                marks.ending_stops = True

    def _offset(self, element: Element) -> Fraction:
        text = element.findtext("offset")
        return self._number(text, "an offset") / self._divisions if text else Fraction(0)

    def _beats(self, element: Element) -> Fraction:
        text = element.findtext("duration")
        if text is None:
            raise self._refused(f"a {element.tag} has no duration")
        beats = self._number(text, "a duration") / self._divisions
        if beats < 0:
            raise self._refused(f"a {element.tag} lasts {text.strip()[:20]} divisions; it must be above 0")
        return beats

    def _number(self, text: str | None, what: str) -> Fraction:
        found = _NUMBER.fullmatch(text or "")
        if found is None:
            raise self._refused(f"{what} is {(text or '')[:20]!r}, which is no number")
        return Fraction(found[1])

    def _refused(self, says: str) -> SongError:
        return SongError(f"{self._source}: {self.name}, bar {self._bar.number}: {says}")

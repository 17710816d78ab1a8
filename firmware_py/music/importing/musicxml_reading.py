"""MusicXML, partwise or timewise, as a Score: every part and voice as it sounds, with its repeats played out.

Not here: the XML itself (``safe_xml``), the zip around it (``mxl``), the parts' bars one by one (``musicxml_part``),
the order of the bars (``repeats``).
"""

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Final
from xml.etree.ElementTree import Element

from firmware_py.errors import SongError, UsageError
from firmware_py.music.importing.musicxml_part import PartReader, Sounding
from firmware_py.music.importing.repeats import Marks, play_order
from firmware_py.music.importing.safe_xml import parse_xml
from firmware_py.music.importing.score import MOST_NOTES, Score, Voice, evened_tempos, plan_of_bars
from firmware_py.music.pitch import Key, parse_key
from firmware_py.music.song import ScoreChord, ScoreNote
from firmware_py.music.song_file import MOST_SECONDS
from firmware_py.music.tempo_map import TempoChange, TempoMap

# What sounds nothing, left out while it is read.
_SILENT: Final = frozenset(
    ("print", "defaults", "credit", "notations", "lyric", "appearance", "notehead", "beam", "listening", "play")
)
MOST_PARTS: Final = 64


@dataclass
class _Voice:
    """One voice of a part while its notes are collected, ties joined."""

    notes: list[ScoreNote] = field(default_factory=list)
    tied: dict[int, int] = field(default_factory=dict)  # by pitch: the index of the note that a tie goes on from

    def add(self, sounding: Sounding, at: Fraction) -> None:
        onset, length, midi = at + sounding.onset, sounding.duration, sounding.midi
        n = self.tied.pop(midi, None)
        if sounding.tie_stop and n is not None and self.notes[n].end == onset:
            self.notes[n] = ScoreNote(self.notes[n].onset, self.notes[n].duration + length, midi)
        else:
            n = len(self.notes)
            self.notes.append(ScoreNote(onset, length, midi))
        if sounding.tie_start:
            self.tied[midi] = n


@dataclass(frozen=True)
class _PartNames:
    """What the part list says of one part."""

    name: str
    program: int
    drums: bool
    drum_keys: dict[str, int]


def read_musicxml(raw: bytes, source: str) -> Score:
    """Read a MusicXML document. Raises SongError with line or bar."""
    root = parse_xml(raw, source, _SILENT)
    if root.tag == "score-timewise":
        root = _partwise(root)
    if root.tag != "score-partwise":
        raise SongError(f"{source}: this is XML, but no MusicXML score (its root is {root.tag[:40]!r})")
    names = {element.get("id", ""): _part_names(element) for element in root.iter("score-part")}
    parts = root.findall("part")
    if not parts:
        raise SongError(f"{source}: there is no part in it; a song needs a melody")
    if len(parts) > MOST_PARTS:
        raise SongError(f"{source}: it has {len(parts)} parts; at most {MOST_PARTS} are read: export the ones you need")
    readers: list[PartReader] = []
    for part in parts:
        known = names.get(part.get("id", ""), _PartNames("", 0, False, {}))
        readers.append(PartReader(known.name or f"Part {len(readers) + 1}", known.drum_keys, source))
        readers[-1].read(part)
    return _Unfolded(readers, [names.get(p.get("id", "")) for p in parts], root, source).score()


class _Unfolded:
    """The parts of a score put into the order in which they sound."""

    def __init__(self, readers: list[PartReader], names: list[_PartNames | None], root: Element, source: str) -> None:
        self._readers, self._names, self._root, self._source = readers, names, root, source
        count = max(len(reader.measures) for reader in readers)
        if not count:
            raise SongError(f"{source}: there is no bar in it; a song needs a melody")
        self._bars = [[r.measures[n] for r in readers if n < len(r.measures)] for n in range(count)]
        self._marks = [_joined([measure.marks for measure in bar]) for bar in self._bars]
        self._order = play_order(self._marks, source)
        self._lengths = [self._length(n) for n in range(count)]

    def score(self) -> Score:
        bars = [(self._lengths[n], self._metre_at(n)) for n in self._order]
        metre, metres, pickup = plan_of_bars(bars)
        first = Fraction(metre[0] * 4, metre[1]) - pickup if pickup else Fraction(0)
        starts, at = [], first
        for length, _ in bars:
            starts.append(at)
            at += length
        tempos = self._tempos(starts)
        if TempoMap(tempos[0][1], [TempoChange(t, b) for t, b in tempos if t > 0]).seconds_at(at) > MOST_SECONDS:
            raise SongError(
                f"{self._source}: it lasts longer than {MOST_SECONDS / 60:.0f} minutes with its repeats; cut it"
            )
        voices = self._voices(starts)
        bpm, changes = evened_tempos(tempos)
        key, keys = self._key()
        return Score(
            title=_found(self._root, "work/work-title") or _found(self._root, "movement-title"),
            composer=next((_plain(c.text) for c in self._root.iter("creator") if c.get("type") == "composer"), ""),
            voices=voices,
            metre=metre,
            metres=metres,
            tempo_bpm=bpm,
            tempos=changes,
            pickup=pickup,
            key=key,
            chords=self._chords(starts, at),
            remarks=self._remarks(keys),
        )

    def _metre_at(self, n: int) -> tuple[int, int]:
        return self._bars[n][0].metre

    def _length(self, n: int) -> Fraction:
        """Return how long a bar lasts: as its metre says, but for one that is meant to be short, or is overfull."""
        beats, unit = self._metre_at(n)
        whole = Fraction(beats * 4, unit)
        filled = -(-max(measure.filled for measure in self._bars[n]) * 4 // 1) / Fraction(4)
        implicit = any(measure.implicit for measure in self._bars[n])
        after = self._marks[n + 1].forward if n + 1 < len(self._marks) else False
        first = n == 0 and len(self._bars) > 1
        broken = bool(self._marks[n].backward) or after or bool(self._marks[n].forward and n)
        if filled > whole or (0 < filled < whole and (implicit or first or broken)):
            return filled
        return whole

    def _voices(self, starts: list[Fraction]) -> tuple[Voice, ...]:
        voices: list[Voice] = []
        count = 0
        for reader, named in zip(self._readers, self._names, strict=True):
            found: dict[tuple[str, str], _Voice] = {}
            for start, n in zip(starts, self._order, strict=True):
                for sounding in reader.measures[n].notes if n < len(reader.measures) else ():
                    found.setdefault(sounding.voice, _Voice()).add(sounding, start)
                    count += 1
                    if count > MOST_NOTES:
                        raise SongError(f"{self._source}: it has more than {MOST_NOTES} notes; export fewer parts")
            drums = reader.percussion or bool(named and named.drums)
            for staff, voice in sorted(found, key=lambda key: (len(key[0]), key[0], len(key[1]), key[1])):
                name = reader.name + (f", voice {voice}" if len(found) > 1 else "")
                name += f", staff {staff}" if len({s for s, _ in found}) > 1 else ""
                notes = tuple(sorted(found[staff, voice].notes, key=lambda note: (note.onset, -note.midi)))
                voices.append(Voice(name[:60], notes, named.program if named else 0, drums, f"{reader.name}/{staff}"))
        return tuple(voices)

    def _tempos(self, starts: list[Fraction]) -> list[tuple[Fraction, float]]:
        tempos = {Fraction(0): 0.0}
        for start, n in zip(starts, self._order, strict=True):
            for at, bpm in sorted(t for measure in self._bars[n] for t in measure.tempos):
                tempos[start + at] = bpm
        known = [bpm for _, bpm in sorted(tempos.items()) if bpm]
        first = min((at for at, bpm in tempos.items() if bpm), default=Fraction(0))
        tempos[Fraction(0)] = tempos[first] if known and first <= starts[0] else tempos[Fraction(0)] or 120.0
        return sorted(tempos.items())

    def _chords(self, starts: list[Fraction], end: Fraction) -> tuple[ScoreChord, ...]:
        places: dict[Fraction, str] = {}
        for start, n in zip(starts, self._order, strict=True):
            for measure in self._bars[n]:
                for at, symbol in measure.harmonies:
                    places[start + at] = symbol
        borders = [*sorted(places), end]
        return tuple(
            ScoreChord(at, stop - at, places[at]) for at, stop in pairwise(borders) if places[at] and stop > at
        )

    def _key(self) -> tuple[str, int]:
        """Return the first key, as it sounds, and how many there are."""
        keys = [key for reader in self._readers for key in reader.keys]
        if not keys:
            return "", 0
        fifths, mode, semitones = keys[0]
        key = Key(fifths + (3 if mode == "minor" else 0), mode == "minor")
        try:
            name = str(parse_key(str(key.transposed(semitones) if semitones % 12 else key)))
        except UsageError:
            name = ""
        sounding = {(k[0] + 7 * k[2]) % 12 for k in keys}
        return (name if mode else f"{fifths if not semitones % 12 else key.transposed(semitones).fifths:+d}"), len(
            sounding
        )

    def _remarks(self, keys: int) -> tuple[str, ...]:
        remarks = []
        if len(self._order) != len(self._bars):
            remarks.append(f"its repeats are played out: {len(self._bars)} written bars are {len(self._order)}")
        if keys > 1:
            remarks.append("it changes its key; it is written in the first one, with accidentals")
        grace = sum(reader.grace for reader in self._readers)
        if grace:
            remarks.append(f"{grace} grace notes are left out")
        cue = sum(reader.cue for reader in self._readers)
        if cue:
            remarks.append(f"{cue} cue notes are left out")
        if not any(measure.tempos for bar in self._bars for measure in bar):
            remarks.append("it names no tempo; 120 quarter notes a minute are taken")
        return tuple(remarks)


def _joined(marks: list[Marks]) -> Marks:
    """Return the marks of one bar from all its parts: what stands in one of them holds for all."""
    return Marks(
        forward=any(m.forward for m in marks),
        backward=max(m.backward for m in marks),
        endings=set().union(*(m.endings for m in marks)),
        ending_stops=any(m.ending_stops for m in marks),
        segno=any(m.segno for m in marks),
        coda=any(m.coda for m in marks),
        to_coda=any(m.to_coda for m in marks),
        da_capo=any(m.da_capo for m in marks),
        dal_segno=any(m.dal_segno for m in marks),
        fine=any(m.fine for m in marks),
    )


def _part_names(element: Element) -> _PartNames:
    channels = {_plain(e.text) for e in element.iter("midi-channel")}
    keys = {}
    for instrument in element.iter("midi-instrument"):
        key = _plain(instrument.findtext("midi-unpitched"))
        if key.isdigit() and 1 <= int(key[:4]) <= 128:
            keys[instrument.get("id", "")] = int(key) - 1
    program = _plain(element.findtext("midi-instrument/midi-program"))
    return _PartNames(
        _plain(element.findtext("part-name")),
        int(program) - 1 if program.isdigit() and 1 <= int(program[:4]) <= 128 else 0,
        "10" in channels and len(channels) == 1,
        keys,
    )


def _partwise(root: Element) -> Element:
    """Return a timewise score as a partwise one."""
    turned = Element("score-partwise")
    turned.extend(child for child in root if child.tag != "measure")
    parts: dict[str, Element] = {}
    for measure in root.findall("measure"):
        for part in measure.findall("part"):
            name = part.get("id", "")
            if name not in parts:
                parts[name] = Element("part", {"id": name})
            copy = Element("measure", dict(measure.attrib))
            copy.extend(part)
            parts[name].append(copy)
    turned.extend(parts.values())
    return turned


def _found(root: Element, path: str) -> str:
    return _plain(root.findtext(path))


def _plain(text: str | None) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())[:200]

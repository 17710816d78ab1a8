"""MusicXML 4.0, in the words that 3.1 already had, so that it validates against both and opens anywhere.

Not here: what is written (``sheet``, ``notation``), how it looks in print (``engraving``).
"""

import re
from fractions import Fraction
from math import lcm
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from firmware_py.music.bars import Bars
from firmware_py.music.pitch import Key, spell
from firmware_py.report.midi import PROGRAMS
from firmware_py.report.notation import Piece
from firmware_py.report.sheet import Sheet, Staff

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ACCIDENTALS: Final = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}


def musicxml_of(sheet: Sheet, *, pages_at: frozenset[int] = frozenset(), tempo: bool = True) -> bytes:
    """Return the sheet as a MusicXML document, UTF-8, score-partwise.

    pages_at: numbers of the bars, from 0, that begin a new page, for the engraver. tempo: write a metronome mark.
    """
    divisions = _divisions(sheet)
    score = Element("score-partwise", version="4.0")
    work = SubElement(score, "work")
    _text(work, "work-title", sheet.title)
    identification = SubElement(score, "identification")
    if sheet.composer:
        _text(identification, "creator", sheet.composer, type="composer")
    if sheet.player:
        _text(identification, "creator", sheet.player, type="performer")
    encoding = SubElement(identification, "encoding")
    _text(encoding, "software", "Hand Dance")
    if sheet.date:
        _text(encoding, "encoding-date", sheet.date)
    part_list = SubElement(score, "part-list")
    if len(sheet.staves) > 1:
        group = SubElement(part_list, "part-group", type="start", number="1")
        _text(group, "group-symbol", "bracket")
        _text(group, "group-barline", "yes")
    for n, staff in enumerate(sheet.staves, 1):
        part = SubElement(part_list, "score-part", id=f"P{n}")
        _text(part, "part-name", staff.name)
        if staff.name:
            _text(part, "part-abbreviation", staff.short or f"{staff.name[:3]}.")
        _text(SubElement(part, "score-instrument", id=f"P{n}-I1"), "instrument-name", staff.name)
        instrument = SubElement(part, "midi-instrument", id=f"P{n}-I1")
        _text(instrument, "midi-channel", str(n))
        _text(instrument, "midi-program", str(PROGRAMS.get(staff.name, 0) + 1))  # MusicXML counts them from 1
    if len(sheet.staves) > 1:
        SubElement(part_list, "part-group", type="stop", number="1")
    for n in range(1, len(sheet.staves) + 1):
        _add_part(SubElement(score, "part", id=f"P{n}"), sheet, n - 1, divisions, pages_at, tempo and n == 1)
    indent(score, " ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(score, encoding="unicode").encode() + b"\n"


def _divisions(sheet: Sheet) -> int:
    """Return the number of steps in a quarter note that makes every length whole."""
    lengths = (p.duration.denominator for bars in sheet.written for bar in bars for p in bar)
    return lcm(2, *lengths)


def _add_part(part: Element, sheet: Sheet, nth: int, divisions: int, pages_at: frozenset[int], tempo: bool) -> None:
    staff = sheet.staves[nth]
    pieces_seen: dict[int, int] = {}
    grid = Bars(sheet.metre.beats, sheet.metre.unit, sheet.metres)
    for number, pieces in enumerate(sheet.written[nth]):
        measure = SubElement(part, "measure", number=str(sheet.number_of(number)))
        if number == 0 and sheet.upbeat:
            measure.set("implicit", "yes")
        if number in pages_at:
            SubElement(measure, "print", {"new-page": "yes"})
        if number == 0:
            _add_attributes(measure, sheet, staff, divisions)
            if tempo:
                _add_tempo(measure, sheet)
        elif any(change.onset == grid.start_of(number) for change in sheet.metres):
            metre = grid.metre_of(number)
            _add_time(SubElement(measure, "attributes"), metre.beats, metre.unit)
        altered: dict[tuple[str, int], int] = {}
        for piece in pieces:
            note = SubElement(measure, "note")
            if piece.source is not None:
                seen = pieces_seen[piece.source] = pieces_seen.get(piece.source, -1) + 1
                note.set("id", staff.piece_id(piece.source, seen))
            _add_note(note, piece, sheet.key, divisions, altered)
        if number == sheet.bars - 1:
            barline = SubElement(measure, "barline", location="right")
            _text(barline, "bar-style", "light-heavy")


def _add_attributes(measure: Element, sheet: Sheet, staff: Staff, divisions: int) -> None:
    attributes = SubElement(measure, "attributes")
    _text(attributes, "divisions", str(divisions))
    key = SubElement(attributes, "key")
    _text(key, "fifths", str(sheet.key.fifths))
    _text(key, "mode", "minor" if sheet.key.minor else "major")
    _add_time(attributes, sheet.metre.beats, sheet.metre.unit)
    clef = SubElement(attributes, "clef")
    _text(clef, "sign", staff.clef.sign)
    _text(clef, "line", str(staff.clef.line))
    if staff.clef.octaves:
        _text(clef, "clef-octave-change", str(staff.clef.octaves))


def _add_time(attributes: Element, beats: int, unit: int) -> None:
    time = SubElement(attributes, "time")
    _text(time, "beats", str(beats))
    _text(time, "beat-type", str(unit))


def _add_tempo(measure: Element, sheet: Sheet) -> None:
    direction = SubElement(measure, "direction", placement="above")
    metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
    _text(metronome, "beat-unit", "quarter")
    if sheet.metre.compound and sheet.metre.unit == 8:
        SubElement(metronome, "beat-unit-dot")
        _text(metronome, "per-minute", _number(sheet.tempo_bpm * 2 / 3))
    else:
        _text(metronome, "per-minute", _number(sheet.tempo_bpm))
    SubElement(direction, "sound", tempo=_number(sheet.tempo_bpm))


def _add_note(note: Element, piece: Piece, key: Key, divisions: int, altered: dict[tuple[str, int], int]) -> None:
    accidental = ""
    if piece.midi is None:
        rest = SubElement(note, "rest")
        if not piece.kind:
            rest.set("measure", "yes")
    else:
        spelling = spell(piece.midi, key)
        pitch = SubElement(note, "pitch")
        _text(pitch, "step", spelling.step)
        if spelling.alter:
            _text(pitch, "alter", str(spelling.alter))
        _text(pitch, "octave", str(max(0, spelling.octave)))  # MusicXML knows no octave below
        line = (spelling.step, spelling.octave)
        if not piece.tie_from and altered.get(line, _in_key(spelling.step, key.fifths)) != spelling.alter:
            accidental = _ACCIDENTALS[spelling.alter]
            altered[line] = spelling.alter
    _text(note, "duration", str(_whole(piece.duration * divisions)))
    ties = [kind for kind, there in (("stop", piece.tie_from), ("start", piece.tie_to)) if there]
    for kind in ties:
        SubElement(note, "tie", type=kind)
    _text(note, "voice", "1")
    if piece.kind:
        _text(note, "type", piece.kind)
    for _ in range(piece.dots):
        SubElement(note, "dot")
    if accidental:
        _text(note, "accidental", accidental)
    if piece.triplet:
        modification = SubElement(note, "time-modification")
        _text(modification, "actual-notes", "3")
        _text(modification, "normal-notes", "2")
    for level, word in enumerate(piece.beams, 1):
        _text(note, "beam", word, number=str(level))
    if ties or piece.triplet in ("start", "stop"):
        notations = SubElement(note, "notations")
        for kind in ties:
            SubElement(notations, "tied", type=kind)
        if piece.triplet in ("start", "stop"):
            SubElement(notations, "tuplet", type=piece.triplet)


def _in_key(step: str, fifths: int) -> int:
    """Return the alteration that the key signature gives a step: 1 sharp, -1 flat, 0 none."""
    place = "FCGDAEB".index(step)
    return (fifths + 6 - place) // 7


def _whole(value: Fraction) -> int:
    return value.numerator // value.denominator


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _text(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    element = SubElement(parent, tag, attributes)
    element.text = _NOT_XML.sub("", text)
    return element

"""UltraStar's song texts (TXT): a melody in sixteenths beside a recording, as a Score.

As the games read them: #BPM counts quarters of a quarter note, #GAP is where beat 0 lies in the recording, pitch 0 is
C4, golden notes are notes, rapped and freestyle ones have no pitch. Not here: UltraStar's points (``music.ultrastar``),
the recording itself (``recording``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.importing.quantising import on_grid
from firmware_py.music.importing.score import Score, Voice
from firmware_py.music.song import ScoreNote
from firmware_py.music.song_file import MOST_CHANGES, MOST_SECONDS, TEMPO_BPM
from firmware_py.music.song_text import MOST_NOTES
from firmware_py.music.tempo_map import TempoChange, TempoMap

MOST_BYTES: Final = 1_000_000
_MOST_BPM: Final = 4000.0
_FASTEST_BPM: Final = 200.0  # above it, files count twice or four times as many beats as people do
_MIDDLE_C: Final = 60
_HEADER: Final = re.compile(r"#([^:]{1,40}):(.*)")
_NOTE: Final = re.compile(r"([:*FRGfrg])\s*(-?\d{1,7})\s+(-?\d{1,7})\s+(-?\d{1,4})(?:\s.*)?")
_BREAK: Final = re.compile(r"-\s*(-?\d{1,7})(?:\s+(-?\d{1,7}))?\s*")
_TEMPO: Final = re.compile(r"[Bb]\s*(-?\d{1,7})\s+(\d{1,4}(?:[.,]\d{1,6})?)\s*")
_SINGER: Final = re.compile(r"P\s*([1239])\s*")
_SHORT_GAP_S: Final = 0.25  # a silence shorter than this is a breath, and written as sound


@dataclass(frozen=True, slots=True)
class UltraStarFile:
    """What the text said. audio: the recording's file name, as it stands there. gap_s: where beat 0 lies in it."""

    score: Score
    audio: str
    gap_s: float


@dataclass(frozen=True, slots=True)
class _Line:
    """A note line: which singer, beats as counted in the file, pitch from C4."""

    singer: int
    number: int
    start: int
    length: int
    pitch: int


def looks_like(text: str) -> bool:
    """Tell whether a text is one of UltraStar's."""
    heads = {line[1:].partition(":")[0].strip().upper() for line in text[:20_000].splitlines() if line.startswith("#")}
    return bool(heads & {"BPM", "GAP", "MP3", "AUDIO"}) and bool(heads & {"TITLE", "ARTIST", "BPM"})


def read_ultrastar(raw: bytes, source: str) -> UltraStarFile:
    """Read the bytes of an UltraStar text. Raises SongError with the line."""
    if len(raw) > MOST_BYTES:
        raise SongError(
            f"{source}: {len(raw) / 1e6:.1f} MB is more than a song text has; at most {MOST_BYTES // 1000} kB"
        )
    text, remarks = _decoded(raw)
    return _Reader(text.replace("\r\n", "\n").replace("\r", "\n"), source, remarks).file()


def _decoded(raw: bytes) -> tuple[str, list[str]]:
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), ["its text is not UTF-8; Latin letters (CP1252) are taken"]


class _Reader:
    """One text while it is read."""

    def __init__(self, text: str, source: str, remarks: list[str]) -> None:
        self.lines = text.split("\n")
        self.source = source
        self.remarks = remarks
        self.headers: dict[str, str] = {}
        self.tempos: list[tuple[int, float]] = []
        self.unpitched = 0
        self.empty = 0
        self.ended = False

    def file(self) -> UltraStarFile:
        notes = list(self._notes())
        earliest = min((note.start for note in notes), default=0)
        bpm = self._number("BPM", None) * 1.0
        if not TEMPO_BPM[0] <= bpm <= _MOST_BPM:
            raise SongError(
                f"{self.source}: #BPM is {self.headers['BPM']!r}; it takes a number, {TEMPO_BPM[0]:g}…{_MOST_BPM:g}"
            )
        gap_s = self._number("GAP", 0.0) / 1000
        if abs(gap_s) > MOST_SECONDS:
            raise SongError(
                f"{self.source}: #GAP is {self.headers['GAP']!r}; it takes milliseconds, up to {MOST_SECONDS:g} s"
            )
        shares, tempo = 4, bpm  # beats of the file in a quarter note of ours
        while tempo > _FASTEST_BPM:
            tempo, shares = tempo / 2, shares * 2
        while tempo < TEMPO_BPM[0] * 4 and shares > 1:
            tempo, shares = tempo * 2, shares // 2
        if earliest < 0:  # whole bars later in the song, and the song so much earlier in the recording
            bars = -(earliest // (4 * shares))
            notes = [replace(note, start=note.start + bars * 4 * shares) for note in notes]
            self.tempos = [(at + bars * 4 * shares, value) for at, value in self.tempos]
            gap_s -= bars * 4 * 60.0 / tempo
            if abs(gap_s) > MOST_SECONDS:
                raise SongError(f"{self.source}: its first note lies more than {MOST_SECONDS:g} s before beat 0")
            self.remarks.append("it begins before beat 0; its bars are counted from there")
        if not self.ended:
            self.remarks.append("its last line, E, is missing; it may have been cut off")
        if self.unpitched:
            self.remarks.append(f"{self.unpitched} rapped or free notes have no pitch and are left out")
        if self.empty:
            self.remarks.append(f"notes without a length are left out ({self.empty} of them)")
        if any(word for line in self.lines for word in (line[:1],) if word in ":*"):
            self.remarks.append("its words are left out")
        ratio = tempo / bpm
        at_beat = {at: value for at, value in self.tempos if at > 0}
        if len(at_beat) > MOST_CHANGES:
            raise SongError(f"{self.source}: it changes its tempo more than {MOST_CHANGES} times; thin it out")
        changes = [TempoChange(Fraction(at, shares), value * ratio) for at, value in sorted(at_beat.items())]
        for change in changes:
            if not TEMPO_BPM[0] <= change.bpm <= TEMPO_BPM[1]:
                raise SongError(
                    f"{self.source}: it changes to {change.bpm / ratio:g} beats a minute, which is no tempo"
                )
        voices = self._voices(notes, shares, TempoMap(tempo, changes))
        score = Score(
            title=self.headers.get("TITLE", ""),
            composer=self.headers.get("ARTIST", ""),
            voices=voices,
            tempo_bpm=tempo,
            tempos=tuple(changes),
            year=int(year) if (year := self.headers.get("YEAR", "")).isdigit() and 0 < int(year[:5]) <= 2999 else 0,
            remarks=tuple(self.remarks),
        )
        return UltraStarFile(score, self.headers.get("AUDIO") or self.headers.get("MP3", ""), gap_s)

    def _notes(self) -> Iterator[_Line]:
        singers, since = [1], 0
        relative = False
        for number, line in enumerate(self.lines, 1):
            text = line.strip()
            if not text:
                continue
            if found := _HEADER.fullmatch(text):
                self.headers.setdefault(found[1].strip().upper(), " ".join(found[2].split())[:200])
                relative = self.headers.get("RELATIVE", "").upper() in ("YES", "TRUE", "1")
            elif text[0] in "Ee":
                self.ended = True
                return
            elif found := _SINGER.fullmatch(text):
                singers, since = {"1": [1], "2": [2]}.get(found[1], [1, 2]), 0
            elif found := _NOTE.fullmatch(text):
                if found[1] in "FfRrGg":
                    self.unpitched += 1
                    continue
                start, length, pitch = int(found[2]) + since, int(found[3]), int(found[4])
                if length == 0:
                    self.empty += 1
                    continue
                if length < 0 or not 0 <= _MIDDLE_C + pitch <= 127:
                    raise self._refused(number, text, "a length of 0 or more and a pitch of MIDI's are wanted")
                for singer in singers:
                    yield _Line(singer, number, start, length, pitch)
            elif found := _BREAK.fullmatch(text):
                if relative:
                    since += int(found[2] or found[1])
            elif found := _TEMPO.fullmatch(text):
                self.tempos.append((int(found[1]) + since, float(found[2].replace(",", "."))))
            elif text[0] in ":*-":
                raise self._refused(number, text, "it takes : START LENGTH PITCH TEXT")
            elif text[0] != "#":
                raise self._refused(number, text, "a line begins with #, :, *, F, R, G, -, P or E")

    def _voices(self, lines: list[_Line], shares: int, tempo_map: TempoMap) -> tuple[Voice, ...]:
        voices = []
        for singer in sorted({line.singer for line in lines}):
            own = sorted((line for line in lines if line.singer == singer), key=lambda line: line.start)
            if len(own) > MOST_NOTES:
                raise SongError(f"{self.source}: a singer has more than {MOST_NOTES} notes; cut it")
            notes: list[ScoreNote] = []
            for n, line in enumerate(own):
                end = line.start + line.length
                if n + 1 < len(own):
                    following = own[n + 1].start
                    breath = tempo_map.seconds_at(Fraction(following, shares)) - tempo_map.seconds_at(
                        Fraction(end, shares)
                    )
                    end = following if breath < _SHORT_GAP_S else end
                onset, until = on_grid(Fraction(line.start, shares)), on_grid(Fraction(end, shares))
                if until > onset:
                    notes.append(ScoreNote(onset, until - onset, _MIDDLE_C + line.pitch))
                if tempo_map.seconds_at(until) > MOST_SECONDS:
                    raise self._refused(
                        line.number, self.lines[line.number - 1], "it lies beyond the 10th minute; cut it"
                    )
            name = self.headers.get(f"P{singer}") or self.headers.get(f"DUETSINGERP{singer}") or f"singer {singer}"
            voices.append(Voice(name, tuple(notes)))
        if len(voices) > 1:
            self.remarks.append("it is a duet; one of the two is the melody (--track chooses)")
        return tuple(voices)

    def _number(self, key: str, default: float | None) -> float:
        text = self.headers.get(key)
        if text is None:
            if default is None:
                raise SongError(f"{self.source}: #{key} is missing; an UltraStar text needs it")
            return default
        if not re.fullmatch(r"-?\d{1,9}(?:[.,]\d{1,9})?", text):
            raise SongError(f"{self.source}: #{key} is {text[:40]!r}, which is no number")
        return float(text.replace(",", "."))

    def _refused(self, number: int, text: str, says: str) -> SongError:
        return SongError(f"{self.source}, line {number}: {text.strip()[:60]!r} cannot be read; {says}")

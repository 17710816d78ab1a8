"""The words of a song file: melody and chords as text, read against the metre bar by bar, and written again.

A note is its name, its octave and, after a colon, its length in quarter notes (1 where nothing stands): ``C4``,
``F#4:3/2``, ``Bb3:0.5``. ``R`` or ``-`` is a rest, ``~`` behind a note ties it to the next one, ``|`` is a bar line.
A chord is its symbol, with a length where a bar's chords do not share it evenly; ``%`` repeats the chord before,
``N`` is none. Not here: the file around the words (``song_file``).
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from firmware_py.errors import SongError, UsageError
from firmware_py.music.bars import Bars
from firmware_py.music.chords import NO_CHORD, parse_chord
from firmware_py.music.pitch import parse_note, spell
from firmware_py.music.song import ScoreChord, ScoreNote, Song

MOST_NOTES: Final = 20_000
REST: Final = "R"
REPEAT: Final = "%"
_RESTS: Final = (REST, "r", "-")
_TOKEN: Final = re.compile(r"\||[^\s|]+")
_LENGTH: Final = re.compile(r"[0-9]{1,4}(?:/0*[1-9][0-9]{0,3}|\.[0-9]{1,4})?")


class SongTextError(SongError):
    """A slip in the words of a song; ``line`` is its line within them, from 0."""

    def __init__(self, says: str, line: int) -> None:
        super().__init__(says)
        self.line = line


@dataclass(frozen=True, slots=True)
class _Token:
    """One word between bar lines; ``where`` names it to a person."""

    text: str
    line: int
    where: str

    def refused(self, says: str) -> SongTextError:
        return SongTextError(f"{self.where}: {says}", self.line)


@dataclass(frozen=True, slots=True)
class _Bar:
    """The tokens between two bar lines; ``name`` is ``bar 3`` or ``the upbeat``, ``line`` where the bar begins."""

    name: str
    line: int
    tokens: tuple[_Token, ...]


def parse_melody(text: str, grid: Bars, pickup: Fraction) -> tuple[tuple[ScoreNote, ...], int]:
    """Read a melody into its bars; return its notes (onsets in beats, see Song about ``pickup``) and how many bars.

    Raises SongTextError that names bar and token.
    """
    notes: list[ScoreNote] = []
    tied: _Token | None = None
    bars = _bars(text, "melody", upbeat=pickup > 0)
    for index, bar in enumerate(bars):
        room = pickup if index == 0 and pickup else grid.length_of(index)
        stop = grid.end_of(index)
        at = stop - room
        for token in bar.tokens:
            word, length, ties = _split(token, Fraction(1))
            if at + length > stop:
                held = at + length - stop + room
                raise token.refused(f"here the bar holds {_beats(held)}, but {_room(bar, room)}")
            if word in _RESTS:
                if ties or tied:
                    raise token.refused("a rest cannot be tied; take the ~ away")
            else:
                midi = _midi(token, word)
                if tied is None:
                    notes.append(ScoreNote(at, length, midi))
                elif notes[-1].midi == midi:
                    notes[-1] = ScoreNote(notes[-1].onset, notes[-1].duration + length, midi)
                else:
                    raise tied.refused(f"it is tied to {token.text!r}, another pitch; tie equal notes only")
                if len(notes) > MOST_NOTES:
                    raise token.refused(f"a song has at most {MOST_NOTES} notes; split it")
                tied = token if ties else None
            at += length
        completes_upbeat = index == len(bars) - 1 and pickup and stop - at == pickup
        if at < stop and not completes_upbeat:
            raise bar.tokens[-1].refused(f"here the bar ends with {_beats(at - stop + room)}, but {_room(bar, room)}")
    if tied is not None:
        raise tied.refused("it is tied to nothing; take the ~ away")
    if not notes:
        raise SongTextError("the melody has no note; write some, like C4 D4 E4:2", 0)
    return tuple(notes), len(bars)


def parse_chords(text: str, grid: Bars, pickup: Fraction, melody_bars: int) -> tuple[ScoreChord, ...]:
    """Read the chords under a melody of so many bars; an upbeat has none. Raises SongTextError."""
    bars = _bars(text, "chords", upbeat=False)
    first = 1 if pickup else 0
    if len(bars) != melody_bars - first:
        upbeat = " after its upbeat, which takes no chord" if pickup else ""
        raise SongTextError(f"chords: {len(bars)} bars, but the melody has {melody_bars - first}{upbeat}", 0)
    chords: list[ScoreChord] = []
    symbol = NO_CHORD
    for index, bar in enumerate(bars, first):
        at, stop, bar_beats = grid.start_of(index), grid.end_of(index), grid.length_of(index)
        for token in bar.tokens:
            word, length, ties = _split(token, bar_beats / len(bar.tokens))
            if ties:
                raise token.refused(f"a chord cannot be tied; {REPEAT} repeats the chord before")
            if at + length > stop:
                raise token.refused(
                    f"here the bar holds {_beats(at + length - stop + bar_beats)}, but {_room(bar, bar_beats)}"
                )
            symbol = symbol if word == REPEAT else NO_CHORD if word in (NO_CHORD, "-") else word
            if symbol != NO_CHORD:
                try:
                    parse_chord(symbol)
                except SongError as error:
                    raise token.refused(f"{error}; {REPEAT} repeats the chord before, {NO_CHORD} is none") from error
                chords.append(ScoreChord(at, length, symbol))
            at += length
        if at < stop:
            raise bar.tokens[-1].refused(
                f"here the bar ends with {_beats(at - stop + bar_beats)}, but {_room(bar, bar_beats)}"
            )
    return tuple(chords)


def melody_bars(song: Song) -> list[str]:
    """Return the melody bar by bar in a song file's words: rests written out, notes over a bar line tied."""
    bars: list[list[str]] = [[] for _ in range(song.bars)]
    at = song.bar_beats - song.pickup if song.pickup else Fraction(0)
    for note in song.melody:
        for bar, length, _ in song.bar_grid.pieces(at, note.onset):
            bars[bar].append(_written(REST, length))
        for bar, length, more in song.bar_grid.pieces(note.onset, note.end):
            bars[bar].append(_written(str(spell(note.midi, song.parsed_key)), length) + ("~" if more else ""))
        at = note.end
    for bar, length, _ in song.bar_grid.pieces(at, song.end):
        bars[bar].append(_written(REST, length))
    return [" ".join(words) for words in bars]


def chord_bars(song: Song) -> list[str]:
    """Return the chords bar by bar in a song file's words; an upbeat's bar is empty."""
    bars: list[list[str]] = [[] for _ in range(song.bars)]
    at = song.bar_beats if song.pickup else Fraction(0)
    for chord in song.chords:
        for bar, length, _ in song.bar_grid.pieces(at, chord.onset):
            bars[bar].append(f"{NO_CHORD}:{length}")
        for bar, length, _ in song.bar_grid.pieces(chord.onset, chord.onset + chord.duration):
            bars[bar].append(f"{chord.symbol}:{length}")
        at = chord.onset + chord.duration
    for bar, length, _ in song.bar_grid.pieces(at, song.end):
        bars[bar].append(f"{NO_CHORD}:{length}")
    return [words[0].partition(":")[0] if len(words) == 1 else " ".join(words) for words in bars]


def _bars(text: str, what: str, *, upbeat: bool) -> list[_Bar]:
    """Split at the bar lines; a bar line at the very end closes the last bar."""
    bars: list[list[tuple[str, int]]] = [[]]
    lines = [0]
    for line_number, line in enumerate(text.split("\n")):
        for word in _TOKEN.findall(line):
            if word == "|":
                bars.append([])
                lines.append(line_number)
            else:
                bars[-1].append((word, line_number))
    if not bars[-1]:
        bars.pop()
    named = []
    for index, words in enumerate(bars):
        number = index + (0 if upbeat else 1)
        name = f"{what}, bar {number}" if number else f"{what}, upbeat"
        if not words:
            raise SongTextError(f"{name} is empty; write a rest, or take one of its bar lines away", lines[index])
        tokens = (_Token(word, at, f"{name}, token {n} ({word})") for n, (word, at) in enumerate(words, 1))
        named.append(_Bar(name, lines[index], tuple(tokens)))
    return named


def _split(token: _Token, share: Fraction) -> tuple[str, Fraction, bool]:
    """Return a token's word, its length in quarter notes (``share`` where none is written) and whether it is tied."""
    ties = token.text.endswith("~")
    word, colon, written = token.text.removesuffix("~").partition(":")
    length = share
    if colon:
        length = Fraction(written) if _LENGTH.fullmatch(written) else Fraction(0)
        if length <= 0:
            raise token.refused(f"{written!r} is no length; write quarter notes above 0, as in C4:2, C4:1/2 or C4:1.5")
    return word, length, ties


def _midi(token: _Token, word: str) -> int:
    try:
        return parse_note(word).midi
    except UsageError as error:
        raise token.refused(f"{error}; {REST} or - is a rest") from error


def _written(word: str, length: Fraction) -> str:
    return word if length == 1 else f"{word}:{length}"


def _beats(length: Fraction) -> str:
    return f"{length} quarter note{'' if length == 1 else 's'}"


def _room(bar: _Bar, room: Fraction) -> str:
    return f"{'the upbeat' if bar.name.endswith('upbeat') else 'the metre'} gives it {_beats(room)}"

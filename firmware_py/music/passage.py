"""A passage of a song to practise: some of its bars, played once or several times on end, as a song of its own.

What is made here is a ``Song`` like any other, so backing, clicks, guide, ghost, marks and page follow it by
themselves. Not here: changing the key, or the tempo as a whole (``Song.transposed``, ``Song.at_tempo``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.bars import BarMetre, MetreChange
from firmware_py.music.judge import BarMark
from firmware_py.music.song import ScoreNote, Song
from firmware_py.music.tempo_map import TempoChange

LONGEST_S: Final = 3600.0  # its backing is rendered whole, before it begins


@dataclass(frozen=True, slots=True)
class Passage:
    """What of a song is practised; kept in session.json.

    from_bar, to_bar: bars as engraved, both played; 0 is the song's beginning and its end. times: how often it is
    played, on end. rise: by which share of its first tempo each time is faster than the one before.
    """

    from_bar: int = 0
    to_bar: int = 0
    times: int = 1
    rise: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether this is nothing but the song, once."""
        return not self.from_bar and not self.to_bar and self.times == 1

    def bar_of_song(self, number: int) -> int:
        """Return which bar of the song a bar of the passage is, both as engraved; both its bars must be named."""
        if self.to_bar < max(1, self.from_bar):
            return number
        return self.from_bar + (number - min(1, self.from_bar)) % (self.to_bar + 1 - self.from_bar)


WHOLE: Final = Passage()


def passage(song: Song, asked: Passage) -> Song:
    """Return a passage as a song: its bars count from 1 and run through every repetition; its title says what it is.

    A melody or backing note that is held into the passage or out of it is cut at the bar line; a drum is not struck
    again. Every time begins in the metre and at the tempo that the song has at that place, times the rise. An upbeat
    before the song belongs to bar 0, and so to a passage from the beginning. The range to be played on is the whole
    song's: take the mapping from that, so that a hand finds its notes where it will find them in the song.

    Raises SongError for bars that the song has not, a passage without a note to play, one that lasts longer than an
    hour, and a song whose backing is a recording, which cannot be cut.
    """
    if asked.is_whole:
        return song
    if song.recording:
        raise SongError(
            f"{song.name} has a recording as its backing, which is played whole and once; "
            "leave out --from, --to and --loop (play.from_bar, play.to_bar, play.loop)"
        )
    first, last = _bars_asked(song, asked)
    grid = song.bar_grid
    start, end = grid.start_of(first), grid.end_of(last)
    length = end - start
    moves = [n * length - start for n in range(asked.times)]
    melody = _cut(song.melody, start, end)
    if not melody:
        raise SongError(f"{song.name} has no note to play in {_named(song, first, last)}; choose more bars")
    bpm, tempos = _tempos(song, start, end, asked)
    metre, metres = _metres(song, first, last, asked.times)
    made = replace(
        song,
        title=f"{song.title} ({_named(song, first, last)}{f', {asked.times} times' if asked.times > 1 else ''})",
        melody=_repeated(melody, moves),
        parts=tuple(replace(p, notes=_repeated(_cut(p.notes, start, end, p.drums), moves)) for p in song.parts),
        chords=tuple(
            replace(c, onset=max(c.onset, start) + move, duration=min(c.onset + c.duration, end) - max(c.onset, start))
            for move in moves
            for c in song.chords
            if c.onset < end and c.onset + c.duration > start
        ),
        pickup=song.pickup if first == 0 else Fraction(0),
        tempo_bpm=bpm,
        tempos=tempos,
        beats_per_bar=metre.beats,
        beat_unit=metre.unit,
        metres=metres,
    )
    if (lasts_s := made.seconds(made.end)) > LONGEST_S:
        raise SongError(
            f"{asked.times} times {_named(song, first, last)} of {song.name} last {lasts_s / 60:.0f} minutes; "
            f"{LONGEST_S / 60:.0f} can be practised at once: set --loop lower"
        )
    return made


def bars_of_song(played: Passage, bars: Sequence[BarMark]) -> tuple[BarMark, ...]:
    """Return a passage's bars by their numbers in the song, what became of each in all its repetitions together.

    played: with both its bars named (``with_bars``). credit, late_ms and tempo_ratio are means.
    """
    if played.is_whole:
        return tuple(bars)
    times: dict[int, list[BarMark]] = {}
    for bar in bars:
        times.setdefault(played.bar_of_song(bar.number), []).append(bar)
    return tuple(
        BarMark(
            number,
            sum(bar.credit for bar in of) / len(of),
            sum(bar.right for bar in of),
            sum(bar.notes for bar in of),
            _mean([bar.late_ms for bar in of if bar.late_ms is not None]),
            _mean([bar.tempo_ratio for bar in of if bar.tempo_ratio is not None]),
        )
        for number, of in sorted(times.items())
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def with_bars(song: Song, asked: Passage) -> Passage:
    """Return the passage with its first and last bar named, also where it was asked for by 0; the whole song as it is.

    Raises SongError for bars that the song has not.
    """
    if asked.is_whole:
        return asked
    first, last = _bars_asked(song, asked)
    offset = 0 if song.pickup else 1
    return replace(asked, from_bar=first + offset, to_bar=last + offset)


def _bars_asked(song: Song, asked: Passage) -> tuple[int, int]:
    """Return the first and last bar, counted from 0 as ``bar_grid`` does."""
    offset = 0 if song.pickup else 1
    highest = song.bars - 1 + offset
    from_bar, to_bar = asked.from_bar or offset, asked.to_bar or highest
    for flag, bar in (("--from", from_bar), ("--to", to_bar)):
        if not offset <= bar <= highest:
            raise SongError(f"{flag} names bar {bar}; {song.name} has bars {offset} to {highest}")
    if from_bar > to_bar:
        raise SongError(f"the passage from bar {from_bar} to bar {to_bar} runs backwards; swap --from and --to")
    if asked.times < 1 or asked.rise < 0:
        raise SongError(f"a passage is played at least once and never slower: {asked.times} times, {asked.rise:+g}")
    return from_bar - offset, to_bar - offset


def _named(song: Song, first: int, last: int) -> str:
    offset = 0 if song.pickup else 1
    return f"bar {first + offset}" if first == last else f"bars {first + offset} to {last + offset}"


def _cut(notes: Sequence[ScoreNote], start: Fraction, end: Fraction, drums: bool = False) -> tuple[ScoreNote, ...]:
    """Return the notes between two bar lines, cut there."""
    return tuple(
        replace(n, onset=max(n.onset, start), duration=min(n.end, end) - max(n.onset, start))
        for n in notes
        if n.onset < end and (n.onset >= start if drums else n.end > start)
    )


def _repeated(notes: Sequence[ScoreNote], moves: Sequence[Fraction]) -> tuple[ScoreNote, ...]:
    return tuple(replace(n, onset=n.onset + move) for move in moves for n in notes)


def _tempos(song: Song, start: Fraction, end: Fraction, asked: Passage) -> tuple[float, tuple[TempoChange, ...]]:
    """Return the tempo that the song has there and its changes, each time over, only where they are new."""
    bpm = song.tempo_bpm
    within = []
    for change in song.tempos:
        if change.onset <= start:
            bpm = change.bpm
        elif change.onset < end:
            within.append(change)
    one_time = [TempoChange(Fraction(0), bpm), *(TempoChange(c.onset - start, c.bpm) for c in within)]
    changes: list[TempoChange] = []
    for n in range(asked.times):
        for change in one_time:
            at = TempoChange(n * (end - start) + change.onset, change.bpm * (1 + n * asked.rise))
            if not changes or at.bpm != changes[-1].bpm:
                changes.append(at)
    return bpm, tuple(changes[1:])


def _metres(song: Song, first: int, last: int, times: int) -> tuple[BarMetre, tuple[MetreChange, ...]]:
    """Return the metre that the song has there and its changes, each time over, only where they are new."""
    grid = song.bar_grid
    start, length = grid.start_of(first), grid.end_of(last) - grid.start_of(first)
    opening = grid.metre_of(first)
    held, changes = opening, []
    for n in range(times):
        for bar in range(first, last + 1):
            metre = grid.metre_of(bar)
            if metre != held:
                changes.append(MetreChange(n * length + grid.start_of(bar) - start, metre.beats, metre.unit))
                held = metre
    return opening, tuple(changes)

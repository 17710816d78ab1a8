"""A session's sheet: the song's melody, and under it what was played, as it is written down.

Not here: putting notes on a grid (``quantise``), a song's sheet without a session (``song_sheet``).
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from firmware_py.languages.words import Words
from firmware_py.music.note import Note
from firmware_py.music.passage import Passage
from firmware_py.music.song import ScoreNote, Song
from firmware_py.report import wording
from firmware_py.report.contents import Report
from firmware_py.report.performance import Performance
from firmware_py.report.quantise import quantise
from firmware_py.report.sheet import MELODY, PLAYED, SECOND, Sheet, Staff, bars_needed


def session_sheet(report: Report, performance: Performance) -> Sheet:
    """Return the sheet of a session, its staves named as in MusicXML."""
    song = performance.song
    melody = song.melody if song else ()
    metres = song.metres if song else ()

    def written(notes: Sequence[Note]) -> tuple[ScoreNote, ...]:
        return quantise(
            _evened(notes, song, performance.start_s + performance.forgiven_s) if song else notes,
            start_s=performance.start_s + (performance.forgiven_s if song else 0.0),
            tempo_bpm=performance.tempo_bpm,
            melody=melody,
            end=song.end if song else None,
        )

    played, second = written(performance.notes), written(performance.second)
    staves = [Staff(MELODY, "m", tuple(melody))] if song else []
    if played or not (song or second):
        staves.append(Staff(PLAYED, "p", played))
    if second:
        staves.append(Staff(SECOND, "s", second))
    return Sheet(
        title=report.title,
        composer=song.composer if song else "",
        player=report.player,
        date=report.started_utc[:10],
        key=performance.key,
        metre=performance.metre,
        tempo_bpm=performance.tempo_bpm,
        bars=max(bars_needed(performance.metre, melody, played, second, metres=metres), song.bars if song else 1),
        staves=tuple(staves),
        pickup=song.pickup if song else Fraction(0),
        metres=metres,
    )


def _evened(notes: Sequence[Note], song: Song, start_s: float) -> Sequence[Note]:
    """Return the notes where they would lie if the song kept the tempo it begins with."""
    if not song.tempos:
        return notes
    beat_s = 60.0 / song.tempo_bpm

    def even(seconds: float) -> float:
        return start_s + song.tempo_map.beat_at(seconds - start_s) * beat_s

    return [replace(n, onset_s=even(n.onset_s), duration_s=even(n.end_s) - even(n.onset_s)) for n in notes]


def for_print(sheet: Sheet, practised: Passage, words: Words) -> Sheet:
    """Return a sheet with its staves named in the player's language and its bars numbered as in the whole song.

    A staff that stands alone needs no name.
    """
    staves = []
    for staff in sheet.staves:
        name, short = wording.staff(words, staff.name) if len(sheet.staves) > 1 else ("", "")
        staves.append(replace(staff, name=name, short=short))
    numbers = tuple(practised.bar_of_song(sheet.number_of(bar)) for bar in range(sheet.bars))
    return replace(sheet, staves=tuple(staves), numbers=numbers)

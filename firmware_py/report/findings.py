"""What report.json says of a session, from the performance that was found in its folder.

Not here: what the figures mean (``music.marks``), their names for people (``figures``), the files (``report``).
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, replace
from fractions import Fraction
from typing import Final

import numpy as np

from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.languages.words import words_in
from firmware_py.music.advice import advice_of
from firmware_py.music.evaluation import Evaluation
from firmware_py.music.judge import Verdict
from firmware_py.music.marks import Marks
from firmware_py.music.note import Note
from firmware_py.music.passage import Passage, bars_of_song
from firmware_py.music.pitch import Key, note_name
from firmware_py.music.song import Song
from firmware_py.report import wording
from firmware_py.report.contents import BarLine, MarksLine, PlayedNote, RepetitionLine, Report, SongLine, WantedNote
from firmware_py.report.figures import free_sentences, no_notes_sentences
from firmware_py.report.performance import Performance
from firmware_py.report.progress import earlier_of

FILES: Final = {
    "sound": SessionFolder.SOUND,
    "midi": SessionFolder.MIDI,
    "musicxml": SessionFolder.MUSICXML,
    "notes": SessionFolder.NOTES,
    "score": SessionFolder.SCORE,
    "preview": SessionFolder.PREVIEW,
}


def report_of(folder: SessionFolder, performance: Performance) -> Report:
    """Return the report of a performance, its figures rounded as they are kept.

    folder: asked which recording there is, and for the player's earlier sessions.
    """
    record, song, marks = performance.record, performance.song, performance.marks
    numbers = {note: n for n, note in enumerate(performance.notes)}
    extra = marks.extra if marks else ()
    bars = _bar_lines(song, marks, record.passage) if song else ()
    return Report(
        started_utc=record.started_utc,
        player=record.player,
        patch=record.patch,
        seconds=round(performance.curve.seconds, 3),
        tempo_bpm=round(performance.tempo_bpm, 3),
        song=_song_line(song, record) if song else None,
        marks=_marks_line(marks, performance) if marks else None,
        notes=tuple(_played_note(n, performance.key) for n in performance.notes),
        wanted=tuple(
            WantedNote(
                onset_s=round(mark.wanted.onset_s, 4),
                duration_s=round(mark.wanted.duration_s, 4),
                pitch=round(mark.wanted.pitch),
                name=note_name(mark.wanted.pitch, performance.key),
                bar=mark.bar,
                verdict=mark.verdict.value,
                cents=_finite(mark.cents, 1),
                late_ms=_finite(mark.late_ms, 1),
                played=numbers.get(mark.played) if mark.played else None,
            )
            for mark in (marks.notes if marks else ())
        ),
        extra=tuple(numbers[note] for note in extra if note in numbers),
        bars=bars,
        advice=_advice(performance),
        files={what: name for what, name in FILES.items() if what != "sound" or folder.file(name).exists()},
        end=record.end,
        counters=dict(record.counters),
        gaps=record.gaps,
        second=tuple(_played_note(n, performance.key) for n in performance.second),
        evaluation=_rounded(performance.evaluation) if performance.evaluation else None,
        earlier=earlier_of(folder, record) if marks else (),
        repetitions=_repetition_lines(song, bars, marks, record.passage) if song and marks else (),
    )


def _advice(performance: Performance) -> tuple[str, ...]:
    words = words_in(performance.record.language)
    if not performance.heard:
        curve = performance.curve
        seen = bool(np.isfinite(curve.heard_pitch[round(performance.start_s * curve.rate_hz) :]).any())
        return no_notes_sentences(words, song=performance.song is not None, seen=seen)
    if performance.marks is None:
        notes = [_played_note(n, performance.key) for n in (*performance.notes, *performance.second)]
        return free_sentences(notes, words)
    marks = performance.marks
    return advice_of(replace(marks, bars=bars_of_song(performance.record.passage, marks.bars)), words)


def _song_line(song: Song, record: SessionRecord) -> SongLine:
    practised, title = record.passage, song.title
    if not practised.is_whole:  # which ends in a bracket that says so in English
        title = wording.passage_title(words_in(record.language), title.rpartition(" (")[0], practised)
    return SongLine(
        song.name,
        title,
        song.composer,
        song.year,
        song.key,
        song.beats_per_bar,
        song.beat_unit,
        song.bars,
        record.song_start_s,
    )


def _marks_line(marks: Marks, performance: Performance) -> MarksLine:
    lag_ms = marks.lag_s * 1000 if performance.notes else 0.0
    return MarksLine(
        total=round(marks.total, 1),
        points=marks.ultrastar.total,
        rank=marks.ultrastar.rank,
        lag_ms=round(lag_ms, 1),
        forgiven_ms=round(performance.forgiven_s * 1000, 1),
        octaves=marks.octave_shift,
        tempo_ratio=round(marks.tempo_ratio, 4),
        bias_cents=_finite(marks.bias_cents, 1),
        spread_cents=_finite(marks.spread_cents, 1),
        unsteady_ms=_finite(marks.unsteady_ms, 1),
    )


def _played_note(note: Note, key: Key) -> PlayedNote:
    nearest = round(note.pitch)
    return PlayedNote(
        onset_s=round(note.onset_s, 4),
        duration_s=round(note.duration_s, 4),
        pitch=round(note.pitch, 3),
        name=note_name(nearest, key),
        cents=round((note.pitch - nearest) * 100, 1),
        loudness=round(note.loudness, 3),
        vibrato_hz=round(note.vibrato.rate_hz, 2) if note.vibrato else None,
        vibrato_cents=round(note.vibrato.extent_cents, 1) if note.vibrato else None,
    )


def _bar_lines(song: Song, marks: Marks | None, practised: Passage) -> tuple[BarLine, ...]:
    """Return every bar of the song; those that ask for nothing have no marks."""
    marked = {bar.number: bar for bar in (marks.bars if marks else ())}
    first = song.bar_number(Fraction(0))
    return tuple(
        BarLine(
            n,
            round(100 * bar.credit, 1) if (bar := marked.get(n)) else None,
            _finite(bar.late_ms, 1) if bar else None,
            _finite(bar.tempo_ratio, 4) if bar else None,
            practised.bar_of_song(n),
        )
        for n in range(first, first + song.bars)
    )


def _repetition_lines(
    song: Song, bars: Sequence[BarLine], marks: Marks, practised: Passage
) -> tuple[RepetitionLine, ...]:
    """Return each time of a practised passage; nothing of a whole song played once."""
    if practised.is_whole:
        return ()
    length = len(bars) // practised.times
    lines = []
    for n in range(practised.times):
        one_time = bars[n * length : (n + 1) * length]
        marked = [bar.marks for bar in one_time if bar.marks is not None]
        first, last = one_time[0].number, one_time[-1].number
        notes = [note for note in marks.notes if first <= note.bar <= last]
        lines.append(
            RepetitionLine(
                first,
                last,
                round(song.tempo_map.bpm_at(song.bar_grid.start_of(n * length)), 3),
                round(sum(marked) / len(marked), 1) if marked else None,
                sum(note.verdict is Verdict.RIGHT for note in notes),
                len(notes),
            )
        )
    return tuple(lines)


def _rounded(evaluation: Evaluation) -> Evaluation:
    return Evaluation(*(round(figure, 4) for figure in astuple(evaluation)))


def _finite(value: float | None, digits: int) -> float | None:
    """Return a figure rounded, None where there is none (NaN)."""
    return None if value is None or not math.isfinite(value) else round(value, digits)

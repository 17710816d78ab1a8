"""One session reported: its folder in; notes.mid, .musicxml and .csv, report.json, score.pdf and preview.png out.

Everything is recomputed from session.json and hand.samples, so the same folder gives the same bytes again, whichever
process makes them. Not here: what the files look like (``midi``, ``musicxml``, ``page``), what playing is worth
(``music.marks``).
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.errors import HandDanceError, ReportError
from firmware_py.languages.words import words_in
from firmware_py.music.advice import advice_of
from firmware_py.music.curve import PitchCurve
from firmware_py.music.evaluation import Evaluation
from firmware_py.music.judge import Verdict
from firmware_py.music.marks import Marks
from firmware_py.music.note import Note
from firmware_py.music.passage import Passage, bars_of_song
from firmware_py.music.pitch import Key, note_name
from firmware_py.music.song import Song
from firmware_py.report import wording
from firmware_py.report.contents import BarLine, MarksLine, PlayedNote, RepetitionLine, Report, SongLine, WantedNote
from firmware_py.report.engraving import SMALLEST_STAFF_MM, STAFF_MM, engrave
from firmware_py.report.figures import figures_of, free_sentences, no_notes_sentences, small_print
from firmware_py.report.looks import LOOKS, PLAYED_LOOK, WANTED_LOOK, Look
from firmware_py.report.memory import give_memory_back
from firmware_py.report.midi import midi_of
from firmware_py.report.musicxml import musicxml_of
from firmware_py.report.notes_csv import notes_csv
from firmware_py.report.page import Page, page_of, pdf_of, plot_mm
from firmware_py.report.performance import Performance, performance_of
from firmware_py.report.preview import preview_of
from firmware_py.report.progress import earlier_of
from firmware_py.report.roll import roll
from firmware_py.report.session_sheet import for_print, session_sheet
from firmware_py.report.sheet import MELODY, PLAYED, SECOND, Sheet
from firmware_py.report.strips import Bar, Time

LARGEST_STAFF_MM: Final = {"a4": STAFF_MM[0][2], "us-letter": SMALLEST_STAFF_MM}  # Letter is 18 mm shorter
FILES: Final = {
    "sound": SessionFolder.SOUND,
    "midi": SessionFolder.MIDI,
    "musicxml": SessionFolder.MUSICXML,
    "notes": SessionFolder.NOTES,
    "score": SessionFolder.SCORE,
    "preview": SessionFolder.PREVIEW,
}


def make_report(folder: SessionFolder, *, paper: str = "a4", song_folders: Sequence[Path] = ()) -> Report:
    """Compose and write every derived file of a session and return what it says.

    folder: with session.json; hand.samples may be cut short or missing, which is a session without notes. paper: a4
    or us-letter. song_folders: where songs are looked for besides the shipped ones. Each file is written whole or
    not at all, and as soon as it is made; report.json comes last. Raises SessionFolderError for a folder that is none
    or cannot be written, SongError for a song that is gone, ReportError for anything else that kept the report from
    being made.
    """
    record = folder.record()
    try:
        performance = performance_of(folder, record, song_folders)
        report = _report(folder, performance)
        sheet = session_sheet(report, performance)
        page = _page(report, performance, sheet, paper)
        folder.write_whole(
            SessionFolder.MIDI,
            midi_of(
                _midi_parts(performance),
                title=report.title,
                metre=performance.metre,
                key=performance.key,
                tempo_bpm=performance.tempo_bpm,
                song_start_s=performance.start_s,
                tempos=performance.song.tempos if performance.song else (),
                metres=performance.song.metres if performance.song else (),
                curves=_curves(performance),
            ),
        )
        folder.write_whole(SessionFolder.MUSICXML, musicxml_of(sheet))
        folder.write_whole(SessionFolder.NOTES, notes_csv(report))
        folder.write_whole(SessionFolder.PREVIEW, preview_of(page))
        del performance, sheet  # of an hour's session they are large, and typst needs the room
        give_memory_back()
        folder.write_whole(SessionFolder.SCORE, pdf_of(page))
        folder.write_whole(SessionFolder.REPORT, report.to_json())
    except HandDanceError:
        raise
    except (ValueError, ArithmeticError, LookupError, TypeError) as error:
        raise ReportError(
            f"the report of {folder.path} could not be made ({type(error).__name__}: {error}); "
            "sound.wav and hand.samples are untouched"
        ) from error
    return report


def _page(report: Report, performance: Performance, sheet: Sheet, paper: str) -> Page:
    words, practised = words_in(performance.record.language), performance.record.passage
    systems = (
        engrave(
            for_print(sheet, practised, words),
            _looks(report),
            largest_staff_mm=LARGEST_STAFF_MM.get(paper, SMALLEST_STAFF_MM),
        )
        if performance.heard or performance.song
        else ()
    )
    rows = (
        roll(
            performance.curve,
            _blocks(performance),
            _bars(report, performance),
            performance.key,
            lag_s=performance.forgiven_s if performance.song else 0.0,
            higher=-12.0 * performance.marks.octave_shift if performance.marks else 0.0,
            second=performance.second_curve,
            times=_times(report, performance),
            words=words,
            plot_mm=plot_mm(systems, paper, marked=report.marks is not None),
        )
        if performance.heard
        else ()
    )
    return page_of(
        report,
        rows,
        systems,
        paper=paper,
        words=words,
        small_print=small_print(words) if report.marks and report.notes else "",
        figures=figures_of(report, words),
    )


def _report(folder: SessionFolder, performance: Performance) -> Report:
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
        return no_notes_sentences(words, song=performance.song is not None)
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


def _looks(report: Report) -> dict[str, Look]:
    if not report.notes:
        return {}
    looks = {f"m{n}": LOOKS[note.verdict] for n, note in enumerate(report.wanted)}
    return looks | {f"p{n}": LOOKS["extra"] for n in report.extra}


def _blocks(performance: Performance) -> list[tuple[Note, Look]]:
    if performance.marks is None:
        if performance.song is None:
            first = WANTED_LOOK if performance.second else PLAYED_LOOK  # of two hands the second is the blue one
            second = [(note, PLAYED_LOOK) for note in performance.second]
            return [*((note, first) for note in performance.notes), *second]
        return [(note, WANTED_LOOK) for note in performance.song.melody_at(performance.start_s)]
    return [(mark.wanted, LOOKS[mark.verdict.value]) for mark in performance.marks.notes]


def _bars(report: Report, performance: Performance) -> list[Bar]:
    if performance.song is None:
        return []
    song, grid = performance.song, performance.song.bar_grid
    lines_s = [performance.start_s + song.seconds(grid.start_of(n)) for n in range(len(report.bars) + 1)]
    number_of = performance.record.passage.bar_of_song
    return [
        Bar(number_of(bar.number), lines_s[n], lines_s[n + 1], bar.marks, bar.tempo_ratio)
        for n, bar in enumerate(report.bars)
    ]


def _times(report: Report, performance: Performance) -> list[Time]:
    """Return each time that a passage was played, from its first bar line to that of the next."""
    if len(report.repetitions) < 2:
        return []
    spans = {line.number: bar for line, bar in zip(report.bars, _bars(report, performance), strict=True)}
    return [Time(spans[each.first_bar].start_s, spans[each.last_bar].end_s, each.marks) for each in report.repetitions]


def _midi_parts(performance: Performance) -> list[tuple[str, Sequence[Note]]]:
    parts: list[tuple[str, Sequence[Note]]] = []
    if performance.song:
        parts.append((MELODY, performance.song.melody_at(performance.start_s)))
    parts.append((PLAYED, performance.notes))
    if performance.second:
        parts.append((SECOND, performance.second))
    return parts


def _rounded(evaluation: Evaluation) -> Evaluation:
    return Evaluation(*(round(figure, 4) for figure in astuple(evaluation)))


def _curves(performance: Performance) -> dict[str, PitchCurve]:
    second = {} if performance.second_curve is None else {SECOND: performance.second_curve}
    return {PLAYED: performance.curve, **second}


def _finite(value: float | None, digits: int) -> float | None:
    """Return a figure rounded, None where there is none (NaN)."""
    return None if value is None or not math.isfinite(value) else round(value, digits)

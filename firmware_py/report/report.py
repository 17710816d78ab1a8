"""One session reported: its folder in; notes.mid, .musicxml and .csv, report.json, score.pdf and preview.png out.

Everything is recomputed from session.json and hand.samples, so the same folder gives the same bytes again, whichever
process makes them. Not here: what the report says (``findings``), what the files look like (``midi``, ``musicxml``,
``page``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import HandDanceError, ReportError
from firmware_py.languages.words import words_in
from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.report.contents import Report
from firmware_py.report.engraving import SMALLEST_STAFF_MM, STAFF_MM, engrave
from firmware_py.report.figures import figures_of, small_print
from firmware_py.report.findings import report_of
from firmware_py.report.looks import LOOKS, PLAYED_LOOK, WANTED_LOOK, Look
from firmware_py.report.memory import give_memory_back
from firmware_py.report.midi import midi_of
from firmware_py.report.musicxml import musicxml_of
from firmware_py.report.notes_csv import notes_csv
from firmware_py.report.page import Page, page_of, pdf_of, plot_mm
from firmware_py.report.performance import Performance, performance_of
from firmware_py.report.preview import preview_of
from firmware_py.report.roll import roll
from firmware_py.report.session_sheet import for_print, session_sheet
from firmware_py.report.sheet import MELODY, PLAYED, SECOND, Sheet
from firmware_py.report.strips import Bar, Time

LARGEST_STAFF_MM: Final = {"a4": STAFF_MM[0][2], "us-letter": SMALLEST_STAFF_MM}  # Letter is 18 mm shorter


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
        report = report_of(folder, performance)
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


def _curves(performance: Performance) -> dict[str, PitchCurve]:
    second = {} if performance.second_curve is None else {SECOND: performance.second_curve}
    return {PLAYED: performance.curve, **second}

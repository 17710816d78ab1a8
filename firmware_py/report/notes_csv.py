"""The notes of a session as CSV, for spreadsheets and scripts: RFC 4180, UTF-8, one header, no locale.

A point is the decimal mark whatever the country. A text that a spreadsheet would take for a formula gets an apostrophe
before it, for a song may be called ``=1+1``. Not here: what the figures mean (``contents``).
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from firmware_py.report.contents import PlayedNote, Report, WantedNote

COLUMNS: Final = {
    "verdict": "right, sharp, flat, early, late, missed; extra, or played in free play; second: by the second hand",
    "bar": "printed number of the bar that the wanted note begins in",
    "wanted": "name of the note that the song wants, as F#4",
    "wanted_midi": "its MIDI number",
    "wanted_onset_s": "when it begins, seconds from the first frame of sound.wav",
    "wanted_duration_s": "how long it is, seconds",
    "played": "name of the nearest note to the one played",
    "played_midi": "its MIDI number with its fraction",
    "played_onset_s": "when it was heard, seconds from the first frame of sound.wav",
    "played_duration_s": "for how long, seconds",
    "loudness": "how loud, 0 to 1",
    "vibrato_hz": "swings of its pitch a second; empty without a vibrato",
    "vibrato_cents": "how far it swings to each side",
    "cents": "sharp above 0, flat below: of the wanted note, else of the nearest one",
    "late_ms": "late above 0, early below; the box's own delay taken off",
}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Cell = str | int | float | bool | None


def notes_csv(report: Report) -> bytes:
    """Return every wanted and every played note of a report, in order of time; COLUMNS tells what each column is.

    A wanted note and the played one that answered it share a row; what there is none of is an empty cell.
    """
    answered = {w.played for w in report.wanted}
    extra = "extra" if report.wanted else "played"
    rows = [
        (w.onset_s, _row(w.verdict, w, None if w.played is None else report.notes[w.played])) for w in report.wanted
    ]
    rows += [(note.onset_s, _row(extra, None, note)) for n, note in enumerate(report.notes) if n not in answered]
    rows += [(note.onset_s, _row("second", None, note)) for note in report.second]
    rows.sort(key=lambda row: row[0])
    return csv_of(tuple(COLUMNS), ([row[column] for column in COLUMNS] for _, row in rows))


def csv_of(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as CSV: lines end with CR LF, numbers have a decimal point, None is empty, true is 1."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8", "replace")


def _row(verdict: str, wanted: WantedNote | None, played: PlayedNote | None) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys(COLUMNS)
    row["verdict"] = verdict
    if played:
        row |= {
            "played": played.name,
            "played_midi": played.pitch,
            "played_onset_s": played.onset_s,
            "played_duration_s": played.duration_s,
            "loudness": played.loudness,
            "vibrato_hz": played.vibrato_hz,
            "vibrato_cents": played.vibrato_cents,
            "cents": played.cents,
        }
    if wanted:
        row |= {
            "bar": wanted.bar,
            "wanted": wanted.name,
            "wanted_midi": wanted.pitch,
            "wanted_onset_s": wanted.onset_s,
            "wanted_duration_s": wanted.duration_s,
            "cents": wanted.cents,
            "late_ms": wanted.late_ms,
        }
    return row


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str):
        text = value.replace("\x00", "")
        return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
    return repr(value)

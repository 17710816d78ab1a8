"""What came of a session, read from its folder: for the command line, the page and whoever scripts this program."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.errors import SessionFolderError

_SHOWN: Final = (
    ("recording", SessionFolder.SOUND),
    ("microphone", SessionFolder.MICROPHONE),
    ("score", SessionFolder.SCORE),
    ("MIDI", SessionFolder.MIDI),
    ("MusicXML", SessionFolder.MUSICXML),
)


@dataclass(frozen=True)
class Outcome:
    """A session's record and its report (None: not made yet).

    queued: its letter was put into the outbox. letter: where it went, empty: nowhere yet.
    """

    folder: SessionFolder
    record: SessionRecord
    report: dict[str, Any] | None
    queued: bool = False
    letter: str = ""

    @classmethod
    def of(cls, folder: SessionFolder, *, queued: bool = False) -> Self:
        """Read a session's folder. Raises SessionFolderError where it is none."""
        path = folder.file(SessionFolder.REPORT)
        try:
            report = json.loads(path.read_text()) if path.exists() else None
            if report is not None:
                _marks_of(report), len(report["notes"]), list(report.get("advice", []))
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise SessionFolderError(
                f"{path} is no report that can be read ({error}); make it again with hand-dance report {folder.path}"
            ) from error
        return cls(folder, folder.record(), report, queued)

    @property
    def whole(self) -> bool:
        """Whether the session ended as it should and has its report."""
        return self.report is not None and not self.record.failed

    @property
    def marks(self) -> float | None:
        """Marks out of 100; None without a report or a song."""
        return None if self.report is None else _marks_of(self.report)

    @property
    def repetitions(self) -> tuple[float, ...]:
        """How well each time of a practised passage went, 0…1; empty where none was, or before there is a report."""
        times = (self.report or {}).get("repetitions", ())
        return tuple(time["marks"] / 100 for time in times if time["marks"] is not None)

    @property
    def files(self) -> dict[str, Path]:
        """The session's files that are there, by name."""
        return {p.name: p for p in sorted(self.folder.path.iterdir()) if p.is_file() and not p.name.startswith(".")}

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        record = self.record
        return {
            "session": str(self.folder.path),
            "started_utc": record.started_utc,
            "song": record.song,
            "patch": record.patch,
            "player": record.player,
            "camera": record.camera,
            "audio": record.audio,
            "delay": {
                "ms": round(1000 * record.delay_s, 3),
                "how": record.delay_how,
                **record.delay_figures,
                "moves": [vars(move) for move in record.delay_moves],
            },
            "reach": {
                "area_far": record.mapping.area_far,
                "area_near": record.mapping.area_near,
                "how": record.reach_how,
            },
            "microphone": record.microphone or None,
            "passage": {**asdict(record.passage), "repetitions": list(self.repetitions)} if self._practised else None,
            "seconds": record.seconds,
            "end": record.end,
            "marks": self.marks,
            "notes": None if self.report is None else len(self.report["notes"]),
            "frames": record.counters.get("frames", 0),
            "frames_with_hand": record.counters.get("frames_with_hand", 0),
            "counters": record.counters,
            "gaps": [vars(gap) for gap in record.gaps],
            "files": {name: str(path) for name, path in self.files.items()},
            "letter": self.letter or None,
        }

    def as_text(self) -> str:
        """Return what a person reads at the end of a session."""
        marks = "no marks" if self.marks is None else f"{self.marks:.0f} of 100"
        lines = [f"{self._title}: {marks} ({self.record.seconds:.0f} s; {self.record.end})"]
        if len(self.repetitions) > 1:
            lines.append(f"  one time after the other: {', '.join(f'{100 * r:.0f}' for r in self.repetitions)} of 100")
        if self.report is not None:
            lines += [f"  {sentence}" for sentence in self.report.get("advice", [])]
        lines += [
            f"  {gap.process} was gone from {gap.start_s:.1f} s to {gap.end_s:.1f} s ({gap.reason})"
            for gap in self.record.gaps
        ]
        lines += [f"  {label:<10} {self.files[name]}" for label, name in _SHOWN if name in self.files]
        if self.letter:
            lines.append(f"  {'letter':<10} {self.letter}")
        return "\n".join(lines)

    def as_line(self) -> str:
        """Return one line of a list of sessions."""
        marks = "  –" if self.marks is None else f"{self.marks:3.0f}"
        end = self.record.end or "not finished"
        return f"{self.folder.path.name:<44} {marks}  {self.record.seconds:6.1f} s  {self.record.player or '–'}  {end}"

    @property
    def _practised(self) -> bool:
        return not self.record.passage.is_whole

    @property
    def _title(self) -> str:
        return str((self.report or {}).get("title") or self.record.song)


def _marks_of(report: dict[str, Any]) -> float | None:
    return None if report["marks"] is None else float(report["marks"]["total"])

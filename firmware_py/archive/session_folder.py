"""The session folder: its file names, and session.json as a typed record that is written whole or not at all.

Not here: writing the WAV (``sound.recorder``), composing the report (``report``).
"""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Self, get_origin

import numpy as np
from numpy.typing import NDArray

from firmware_py import __version__
from firmware_py.errors import SessionFolderError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.music.delay import DelayMove
from firmware_py.music.mapping import Mapping
from firmware_py.music.passage import WHOLE, Passage

SCHEMA: Final = 1


@dataclass(frozen=True)
class Gap:
    """A stretch in which a process was dead: seconds from the first frame of sound.wav."""

    process: str
    start_s: float
    end_s: float
    reason: str


@dataclass(frozen=True)
class SessionRecord:
    """What session.json says.

    started_utc is ISO 8601. t0_ns is CLOCK_MONOTONIC at the first frame of sound.wav. song_start_s is the melody's
    first beat, in seconds from there. delay_s is D: a hand sample sounds at t_capture + D; delay_how says where it is
    from, delay_figures what it was measured by, delay_moves where it became longer, in order. reach_how: where the
    mapping's two areas are from; device_delay_s is how much later than reckoned the device was heard, where that was
    calibrated. microphone is what recorded mic.wav, empty for none; its gaps stand among the others. tempo_bpm and
    transpose are as played, passage is what of the song, span the semitones that its melody was folded into, 0: none.
    voices: hands that sounded, 1 or 2. marked: whether the player wanted marks. end is the reason the session ended
    with, empty while it runs; failed: whether it is a failure. boot_id, boot_ns: the boot it was played in and
    CLOCK_BOOTTIME at its start. clock: empty where started_utc was right from the start; "unset" while it only keeps
    the order; "set later" when it was reckoned afterwards. address: where its letter goes, empty: to the player's own
    or the box's; language: of its letter.
    """

    started_utc: str
    song: str
    patch: str
    player: str
    camera: str
    audio: str
    mapping: Mapping
    t0_ns: int
    rate_hz: int
    song_start_s: float
    delay_s: float
    tempo_bpm: float
    transpose: int = 0
    passage: Passage = WHOLE
    span: int = 0
    device_delay_s: float = 0.0
    delay_how: str = "set"
    delay_figures: dict[str, float] = field(default_factory=dict)
    delay_moves: tuple[DelayMove, ...] = ()
    reach_how: str = "set"
    address: str = ""
    language: str = "en"
    microphone: str = ""
    seconds: float = 0.0
    end: str = ""
    failed: bool = False
    gaps: tuple[Gap, ...] = ()
    counters: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    voices: int = 1
    marked: bool = True
    boot_id: str = ""
    boot_ns: int = 0
    clock: str = ""
    schema: int = SCHEMA

    @property
    def stem(self) -> str:
        """The name of its folder, ``<UTC start>_<song>``."""
        return f"{self.started_utc.replace('-', '').replace(':', '')}_{Path(self.song).stem}"


class SessionFolder:
    """One session on disk."""

    RECORD: Final = "session.json"
    RECORD_PART: Final = ".session.json.part"  # of one that is being written
    SAMPLES: Final = "hand.samples"
    SOUND: Final = "sound.wav"
    MICROPHONE: Final = "mic.wav"  # one channel, frame by frame beside sound.wav; only where there was a microphone
    MIDI: Final = "notes.mid"
    MUSICXML: Final = "notes.musicxml"
    REPORT: Final = "report.json"
    NOTES: Final = "notes.csv"
    SCORE: Final = "score.pdf"
    PREVIEW: Final = "preview.png"
    UNFINISHED: Final = ".unfinished"  # there until report and letter were made; counts the tries of a version

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, sessions: Path, record: SessionRecord) -> Self:
        """Make ``<sessions>/<UTC start>_<song>/`` with its session.json; a taken name gets a number behind it.

        Raises SessionFolderError where the folder cannot be written.
        """
        stem = record.stem
        try:
            sessions.mkdir(parents=True, exist_ok=True)
            for n in range(1, 1000):
                path = sessions / (stem if n == 1 else f"{stem}-{n}")
                try:
                    path.mkdir()
                except FileExistsError:
                    continue
                folder = cls(path)
                try:
                    folder.count_try(0)
                    folder.write_record(record)
                except OSError:
                    shutil.rmtree(path, ignore_errors=True)
                    raise
                return folder
        except SessionFolderError:
            raise
        except OSError as error:
            raise SessionFolderError(
                f"the session folder under {sessions} cannot be written ({error.strerror}); "
                "make room or mount it writable, or name another place with --state"
            ) from error
        raise SessionFolderError(f"{sessions / stem} and 998 more of that name exist; move some away")

    def file(self, name: str) -> Path:
        """Return the path of one of the folder's files."""
        return self.path / name

    def write_record(self, record: SessionRecord) -> None:
        """Replace session.json in one step, on disk before it returns."""
        self.write_whole(self.RECORD, json.dumps(asdict(record), indent=2).encode() + b"\n")

    def write_whole(self, name: str, content: bytes) -> Path:
        """Write one file so that a reader, or a power cut, finds the old one or the new one, never a part."""
        target = self.file(name)
        part = target.with_name(f".{name}.part")
        try:
            with part.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            os.replace(part, target)
            directory = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            with suppress(OSError):  # a read-only file system refuses even to remove what is not there
                part.unlink(missing_ok=True)
            raise SessionFolderError(
                f"{target} cannot be written ({error.strerror}); free some space or mount it writable"
            ) from error
        return target

    @property
    def unfinished(self) -> bool:
        """Whether its report and letter are still to be made."""
        return self.file(self.UNFINISHED).exists()

    @property
    def tries(self) -> int:
        """How often this version tried to make report and letter."""
        try:
            count, version = self.file(self.UNFINISHED).read_text().split()
            return int(count) if version == __version__ else 0
        except (OSError, ValueError):
            return 0

    def count_try(self, tries: int | None = None) -> None:
        """Count one more try, or so many, before it begins: it may be the end of its process."""
        with suppress(OSError):  # a folder that takes no mark is tried again; nothing is lost by that
            self.file(self.UNFINISHED).write_text(f"{self.tries + 1 if tries is None else tries} {__version__}\n")

    def is_finished(self) -> None:
        """Say that report and letter were made."""
        with suppress(OSError):
            self.file(self.UNFINISHED).unlink(missing_ok=True)

    def record(self) -> SessionRecord:
        """Read session.json. Raises SessionFolderError where it is missing, broken or not of this schema."""
        path = self.file(self.RECORD)
        try:
            found = json.loads(path.read_text())
            schema = found.get("schema")
            if schema == SCHEMA:
                return _checked(
                    SessionRecord(
                        **{
                            **found,
                            "mapping": Mapping(**found["mapping"]),
                            "passage": Passage(**found.get("passage", {})),
                            "gaps": tuple(Gap(**gap) for gap in found["gaps"]),
                            "delay_moves": tuple(DelayMove(**move) for move in found.get("delay_moves", ())),
                        }
                    )
                )
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise SessionFolderError(f"{path} is not a session record ({error}); name a session folder") from error
        raise SessionFolderError(
            f"{path} has schema {schema!r}; this version reads {SCHEMA}: use the version of hand-dance that wrote it"
        )

    def update(self, **changes: Any) -> SessionRecord:
        """Rewrite session.json with some fields changed and return it."""
        record = replace(self.record(), **changes)
        self.write_record(record)
        return record

    def samples(self) -> NDArray[np.void]:
        """Read hand.samples: shape (n,), dtype HAND_SAMPLE, without a cut last record; empty where there is none.

        Raises SessionFolderError where it cannot be read.
        """
        path = self.file(self.SAMPLES)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return np.empty(0, HAND_SAMPLE)
        except OSError as error:
            raise SessionFolderError(f"{path} cannot be read ({error.strerror}); make it readable") from error
        return np.frombuffer(raw[: len(raw) - len(raw) % HAND_SAMPLE.itemsize], HAND_SAMPLE)


def _checked(record: SessionRecord) -> SessionRecord:
    """Return the record; raises TypeError for a value of another type than its field's."""
    for declared in fields(record):
        wanted: Any = get_origin(declared.type) or declared.type
        found = getattr(record, declared.name)
        if not isinstance(found, (int, float) if wanted is float else wanted):
            raise TypeError(f"{declared.name} is {found!r}, not {wanted.__name__}")
    return record

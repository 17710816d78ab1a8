"""What a report says, as plain data: the same for report.json, the page and the letter.

report.json is this record as JSON (report.schema.json): each field stands there under its name here, ``title`` before
them; None is null, seconds count from the first frame of sound.wav. Not here: how it is worked out (``report``) or
shown (``page``).
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from firmware_py.archive.session_folder import Gap
from firmware_py.errors import ReportError
from firmware_py.music.evaluation import Evaluation

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class SongLine:
    """The song that was followed. key as written, transposition included; tempo_bpm as played, quarter notes."""

    name: str
    title: str
    composer: str
    year: int
    key: str
    beats_per_bar: int
    beat_unit: int
    bars: int
    start_s: float


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """One note as played.

    pitch: MIDI number with its fraction; name: of the nearest note, as F#4; cents: off that note, -50…50;
    loudness: 0…1. vibrato_hz, vibrato_cents: swings a second and how far to each side; None without a vibrato.
    """

    onset_s: float
    duration_s: float
    pitch: float
    name: str
    cents: float
    loudness: float
    vibrato_hz: float | None = None
    vibrato_cents: float | None = None


@dataclass(frozen=True, slots=True)
class WantedNote:
    """One note of the song and what became of it.

    bar: printed number of the bar it begins in. verdict: right, sharp, flat, early, late or missed. cents: off the
    note as played, sharp above 0. late_ms: behind the beat, the box's own delay taken off. played: index of the
    played note that answered it. The last three are None where nothing answered.
    """

    onset_s: float
    duration_s: float
    pitch: int
    name: str
    bar: int
    verdict: str
    cents: float | None
    late_ms: float | None
    played: int | None


@dataclass(frozen=True, slots=True)
class BarLine:
    """One bar. number: as printed. marks: 0…100, None for a bar that asks for nothing and where nothing is marked.

    late_ms: median of its notes behind the beat. tempo_ratio: the player's tempo over the song's around this bar. None
    where too few notes were played. of_song: its number in the song, which in a practised passage is another.
    """

    number: int
    marks: float | None
    late_ms: float | None = None
    tempo_ratio: float | None = None
    of_song: int | None = None


@dataclass(frozen=True, slots=True)
class RepetitionLine:
    """One time of a practised passage.

    first_bar, last_bar: as printed. tempo_bpm: it was asked for at. marks: 0…100, mean of its bars'; None without any.
    right: how many of its wanted notes were right, of ``notes``.
    """

    first_bar: int
    last_bar: int
    tempo_bpm: float
    marks: float | None
    right: int
    notes: int


@dataclass(frozen=True, slots=True)
class EarlierLine:
    """An earlier session of this player with this song: when it began, as in ``started_utc``, and its marks."""

    started_utc: str
    marks: float


@dataclass(frozen=True, slots=True)
class MarksLine:
    """The marks and what they are made of.

    total: 0…100. points: 0…10 000. rank: its name. lag_ms: how far behind the song the sound was as a whole, the box's
    own delay included; forgiven_ms: the part of it that is not held against the player. octaves: by how many octaves
    the playing lay above the song. tempo_ratio: the player's tempo over the song's. bias_cents, spread_cents: mean and
    standard deviation of the notes near their pitch; unsteady_ms: standard deviation of the onsets; None without such
    notes.
    """

    total: float
    points: int
    rank: str
    lag_ms: float
    forgiven_ms: float
    octaves: int
    tempo_ratio: float
    bias_cents: float | None
    spread_cents: float | None
    unsteady_ms: float | None


@dataclass(frozen=True)
class Report:
    """One session, reported.

    song, marks: None in free play. wanted: the song's notes with their verdicts. extra: indices of played notes that
    answered none. second: notes of the second hand, a voice of its own. evaluation: the figures that music information
    retrieval reports (``music.evaluation``); None without marks. earlier: the player's earlier marks for this song,
    oldest first. repetitions: each time of a practised passage. advice: sentences. files: what is in the folder, what
    for → file name. counters, gaps: as in session.json.
    """

    started_utc: str
    player: str
    patch: str
    seconds: float
    tempo_bpm: float
    song: SongLine | None
    marks: MarksLine | None
    notes: tuple[PlayedNote, ...]
    wanted: tuple[WantedNote, ...]
    extra: tuple[int, ...]
    bars: tuple[BarLine, ...]
    advice: tuple[str, ...]
    files: dict[str, str]
    end: str
    counters: dict[str, int]
    gaps: tuple[Gap, ...]
    second: tuple[PlayedNote, ...] = ()
    evaluation: Evaluation | None = None
    earlier: tuple[EarlierLine, ...] = ()
    repetitions: tuple[RepetitionLine, ...] = ()
    schema: int = SCHEMA

    @property
    def title(self) -> str:
        """The song's title, or what to call a session without one."""
        return self.song.title if self.song else "Free play"

    def count(self, verdict: str) -> int:
        """Return how many of the song's notes got this verdict; ``extra`` counts played notes."""
        return len(self.extra) if verdict == "extra" else sum(w.verdict == verdict for w in self.wanted)

    def to_json(self) -> bytes:
        """Return report.json."""
        return (
            json.dumps({"title": self.title} | asdict(self), indent=1, ensure_ascii=False, allow_nan=False).encode()
            + b"\n"
        )

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read report.json. Raises ReportError for anything but a report of this schema."""
        try:
            found: dict[str, Any] = json.loads(content)
            if found.pop("schema", None) != SCHEMA:
                raise ReportError(f"this is a report of another schema; make it again, this version reads {SCHEMA}")
            found.pop("title", None)
            return cls(
                **{
                    **found,
                    "song": SongLine(**found["song"]) if found["song"] else None,
                    "marks": MarksLine(**found["marks"]) if found["marks"] else None,
                    "notes": tuple(PlayedNote(**n) for n in found["notes"]),
                    "wanted": tuple(WantedNote(**n) for n in found["wanted"]),
                    "extra": tuple(found["extra"]),
                    "bars": tuple(BarLine(**b) for b in found["bars"]),
                    "advice": tuple(found["advice"]),
                    "gaps": tuple(Gap(**g) for g in found["gaps"]),
                    "second": tuple(PlayedNote(**n) for n in found.get("second", ())),
                    "evaluation": Evaluation(**found["evaluation"]) if found.get("evaluation") else None,
                    "earlier": tuple(EarlierLine(**e) for e in found.get("earlier", ())),
                    "repetitions": tuple(RepetitionLine(**r) for r in found.get("repetitions", ())),
                }
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ReportError(
                f"this is not a report ({error}); make it again with hand-dance report SESSION"
            ) from error

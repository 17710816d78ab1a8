"""What goes wrong most: the notes, the intervals and the bars to practise, found over many sessions.

Not here: the verdict on a single note (``judge``), or what one session's advice is (``advice``).
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, TypeVar

LEAST_TIMES: Final = 3  # asked for less often, a note may be wrong by chance
MOST_NAMED: Final = 5
_PRIOR: Final = 2.0  # as many right ones are imagined before the first: few tries weigh less than many
_INTERVALS: Final = (
    "the same note", "a semitone", "a tone", "a minor third", "a major third", "a fourth", "a tritone", "a fifth",
    "a minor sixth", "a major sixth", "a minor seventh", "a major seventh", "an octave",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastNote:
    """One wanted note of a session that was.

    name: as spelled in the song, F#4. interval: semitones from the note before, None for the first one or after a rest
    of a second and more. verdict: as ``judge`` gave it. cents: sharp above 0, late_ms: late above 0; None where missed.
    """

    song: str
    bar: int
    name: str
    pitch: int
    interval: int | None
    verdict: str
    cents: float | None
    late_ms: float | None


@dataclass(frozen=True, slots=True)
class Weakness:
    """One note, interval or bar that goes wrong.

    what: its name. song: of a bar, else empty. times: how often it was wanted, right: how often right. fault: the
    verdict that it mostly gets. cents, late_ms: medians of those with that fault, None where they were missed.
    """

    what: str
    song: str
    times: int
    right: int
    fault: str
    cents: float | None
    late_ms: float | None


def weakest_notes(notes: Sequence[PastNote], most: int = MOST_NAMED) -> tuple[Weakness, ...]:
    """Return the notes that go wrong most, the weakest first; none where all are right."""
    return _weakest(notes, lambda n: n.pitch, lambda n: (n.name, ""), most)


def weakest_intervals(notes: Sequence[PastNote], most: int = MOST_NAMED) -> tuple[Weakness, ...]:
    """Return the steps and leaps after which the note goes wrong most, the weakest first."""
    reached = [n for n in notes if n.interval is not None]
    return _weakest(reached, lambda n: n.interval, lambda n: (interval_name(n.interval or 0), ""), most)


def weakest_bars(notes: Sequence[PastNote], most: int = MOST_NAMED) -> tuple[Weakness, ...]:
    """Return the bars that go wrong most, each of its song, the weakest first."""
    return _weakest(notes, lambda n: (n.song, n.bar), lambda n: (f"bar {n.bar}", n.song), most)


def interval_name(semitones: int) -> str:
    """Return an interval in words, as ``up a fifth``; over an octave in semitones."""
    size = abs(semitones)
    words = _INTERVALS[size] if size < len(_INTERVALS) else f"{size} semitones"
    return words if not size else f"{'up' if semitones > 0 else 'down'} {words}"


_Key = TypeVar("_Key", bound=Hashable)


def _weakest(
    notes: Iterable[PastNote],
    key: Callable[[PastNote], _Key],
    name: Callable[[PastNote], tuple[str, str]],
    most: int,
) -> tuple[Weakness, ...]:
    groups: dict[_Key, list[PastNote]] = {}
    for note in notes:
        groups.setdefault(key(note), []).append(note)
    found = []
    for group in groups.values():
        wrong = [n for n in group if n.verdict != "right"]
        if len(group) < LEAST_TIMES or not wrong:
            continue
        faults = [n.verdict for n in wrong]
        fault = max(sorted(set(faults)), key=faults.count)
        typical = [n for n in wrong if n.verdict == fault]
        what, song = name(group[-1])
        weakness = Weakness(
            what=what,
            song=song,
            times=len(group),
            right=len(group) - len(wrong),
            fault=fault,
            cents=_median([n.cents for n in typical if n.cents is not None]),
            late_ms=_median([n.late_ms for n in typical if n.late_ms is not None]),
        )
        found.append((-len(wrong) / (len(group) + _PRIOR), what, weakness))
    return tuple(weakness for *_, weakness in sorted(found, key=lambda f: f[:2])[:most])


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 1) if values else None

"""The order in which the bars of a score are played: repeats, first and second endings, da capo, dal segno, coda, fine.

As players do: after a jump back to the beginning or the sign, repeats are not taken again and last endings are.
Not here: reading the marks (``musicxml_reading``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from firmware_py.errors import SongError

MOST_BARS: Final = 4_000


@dataclass
class Marks:
    """What stands at one bar. endings: numbers of the bracket that begins here; ending_stops: one ends here."""

    forward: bool = False
    backward: int = 0  # how often the passage is played in all; 0 for no sign
    endings: set[int] = field(default_factory=set)
    ending_stops: bool = False
    segno: bool = False
    coda: bool = False
    to_coda: bool = False
    da_capo: bool = False
    dal_segno: bool = False
    fine: bool = False


def play_order(marks: Sequence[Marks], source: str) -> list[int]:
    """Return the bars, counted from 0, in the order they sound. Raises SongError where that would not end."""
    stops = _ending_stops(marks)
    order: list[int] = []
    at = start = 0
    turn, jumped = 1, False
    bracket: set[int] = set()
    while at < len(marks):
        here = marks[at]
        if here.forward and start != at:
            start, turn = at, 1
        if here.endings:
            last = stops[at] + 1 >= len(marks) or not marks[stops[at] + 1].endings
            if not (last if jumped else turn in here.endings or (last and turn > max(here.endings))):
                at = stops[at] + 1
                continue
            bracket = here.endings
        if len(order) >= MOST_BARS:
            raise SongError(f"{source}: its repeats unfold to more than {MOST_BARS} bars; take some of them away")
        order.append(at)
        if jumped and here.fine:
            break
        if jumped and here.to_coda and (coda := _next_coda(marks, at)) is not None:
            at = coda
            continue
        if here.backward and not jumped:
            if turn < max(here.backward, max(bracket, default=0) + 1):
                turn += 1
                at, bracket = start, set()
                continue
            start, turn = at + 1, 1
        elif here.ending_stops:
            start, turn = at + 1, 1
        if here.ending_stops:
            bracket = set()
        if (here.da_capo or here.dal_segno) and not jumped:
            signs = [n for n, mark in enumerate(marks) if mark.segno]
            at = signs[0] if here.dal_segno and signs else 0
            jumped = True
            continue
        at += 1
    return order


def _ending_stops(marks: Sequence[Marks]) -> dict[int, int]:
    """Return the last bar of each bracket, by its first one."""
    stops: dict[int, int] = {}
    for first, mark in enumerate(marks):
        if mark.endings:
            last = first
            while last + 1 < len(marks) and not marks[last].ending_stops and not marks[last + 1].endings:
                last += 1
            stops[first] = last if marks[last].ending_stops else first
    return stops


def _next_coda(marks: Sequence[Marks], after: int) -> int | None:
    return next((n for n in range(after + 1, len(marks)) if marks[n].coda), None)

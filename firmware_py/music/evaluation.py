"""The figures that music information retrieval reports, beside our marks: so that others can compare.

Notes by onset and pitch as in MIREX's note tracking (Bay, Ehmann, Downie 2009), the pitch line as in its melody
extraction (Poliner et al. 2007; Salamon et al. 2014), to the definitions of mir_eval (Raffel et al. 2014), which the
tests hold them against. They are poor marks (a held note earns a quarter), which is why they are not ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.agreement import pitch_at
from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note

PITCH_CENTS: Final = 50.0
ONSET_S: Final = 0.050
WIDE_ONSET_S: Final = 0.150  # for an instrument that glides into its notes
HOP_S: Final = 0.010
MOST_TRIED: Final = 200  # steps of a search for one note more: far beyond what two lines of music need
_ROUND: Final = 4  # decimals of a distance, as mir_eval rounds it, so that 50 ms are 50 ms


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All 0…1. note_*: within 50 ms and 50 cents, ends not asked for; note_f1_150ms: within 150 ms.

    raw_pitch: share of the wanted time within 50 cents; raw_chroma: in any octave; voicing_recall: sounding in it;
    voicing_false_alarm: sounding in the song's rests; overall: right in pitch, or silent in a rest.
    """

    note_precision: float
    note_recall: float
    note_f1: float
    note_f1_150ms: float
    raw_pitch: float
    raw_chroma: float
    voicing_recall: float
    voicing_false_alarm: float
    overall: float


def evaluation_of(
    curve: PitchCurve, wanted: Sequence[Note], played: Sequence[Note], *, lag_s: float = 0.0
) -> Evaluation:
    """Return the figures of a performance of at least one wanted note. lag_s: delay taken off what was played."""
    matches = _matches(wanted, played, lag_s, ONSET_S)
    precision, recall = matches / max(1, len(played)), matches / len(wanted)
    at_s, reference = reference_line(wanted)
    heard = pitch_at(curve.heard_pitch, curve.rate_hz, at_s + lag_s)
    asked, sounding = np.isfinite(reference), np.isfinite(heard)
    away = np.abs(heard - reference) * 100.0  # NaN in silence and in rests: near to nothing
    folded = np.abs(away - 1200.0 * np.floor(away / 1200.0 + 0.5))
    near = away < PITCH_CENTS
    return Evaluation(
        note_precision=precision,
        note_recall=recall,
        note_f1=_f1(precision, recall),
        note_f1_150ms=2.0 * _matches(wanted, played, lag_s, WIDE_ONSET_S) / (len(wanted) + len(played)),
        raw_pitch=_share(near, asked),
        raw_chroma=_share(folded < PITCH_CENTS, asked),
        voicing_recall=_share(sounding, asked),
        voicing_false_alarm=_share(sounding, ~asked),
        overall=float((near.sum() + (~asked & ~sounding).sum()) / len(at_s)),
    )


def reference_line(wanted: Sequence[Note]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return instants 10 ms apart from the first onset to the last end, and the pitch wanted there, NaN in rests."""
    begin, end = wanted[0].onset_s, max(n.end_s for n in wanted)
    at_s = np.asarray(begin + (np.arange(max(1, round((end - begin) / HOP_S))) + 0.5) * HOP_S, dtype=np.float64)
    pitch = np.full(len(at_s), np.nan)
    for note in wanted:
        pitch[(at_s >= note.onset_s) & (at_s < note.end_s)] = note.pitch
    return at_s, pitch


def _matches(wanted: Sequence[Note], played: Sequence[Note], lag_s: float, onset_s: float) -> int:
    """Return how many notes can be paired at once within both distances: the largest matching of a bipartite graph."""
    onsets = np.array([n.onset_s - lag_s for n in played])
    answered: dict[int, int] = {}

    def candidates(n: int) -> list[int]:
        first, last = np.searchsorted(onsets, (wanted[n].onset_s - onset_s - 1e-3, wanted[n].onset_s + onset_s + 1e-3))
        return [
            m
            for m in range(int(first), int(last))
            if round(abs(float(onsets[m]) - wanted[n].onset_s), _ROUND) <= onset_s
            and round(abs(played[m].pitch - wanted[n].pitch) * 100.0, _ROUND) <= PITCH_CENTS
        ]

    near = [candidates(n) for n in range(len(wanted))]

    def paired(n: int, tried: set[int]) -> bool:
        for m in near[n]:
            if m not in tried and len(tried) < MOST_TRIED:
                tried.add(m)
                if m not in answered or paired(answered[m], tried):
                    answered[m] = n
                    return True
        return False

    return sum(paired(n, set()) for n in range(len(wanted)))


def _share(what: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    return float((what & of).sum() / of.sum()) if of.any() else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2.0 * precision * recall / (precision + recall) if precision + recall else 0.0

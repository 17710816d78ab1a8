"""``hand-dance bench synth``: processor time for 16 band-limited saws, and how clean a saw is, beside other programs.

Every program makes the same 16 pitches at 48 kHz in blocks of 64, offline; each round measures our own right beside
each of them, so that a ratio means the same instant of the same machine. Not here: the peers (``saw_peers``), the alias
and its drawing (``spectrum``), delay to the ear (``delay``).
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from firmware_py._tones import SawBank
from firmware_py.bench import saw_peers, spectrum
from firmware_py.bench.saw_peers import BLOCK, PITCHES_HZ, SawPeer, Sound

RATE_HZ: Final = 48_000
DEFAULT_SECONDS: Final = 10.0
LEAST_ROUNDS: Final = 5
OWN_S: Final = 10  # of sound in one measurement of our own: a few ms
ENOUGH_DB: Final = -60.0  # a peer with louder aliases does an easier task


@dataclass(frozen=True)
class SynthFigures:
    """What the benchmark found. Processor time in ms per second of sound, alias against the fundamental in dB.

    times_cheaper: for each peer the median over rounds of its time over ours, measured right beside it.
    times_cheaper_python: the least of them among Python's libraries whose alias is below ENOUGH_DB; _any: among all.
    spread: first and third quartile of each time, ours under "hand-dance". peers_alias_db: None where there is no saw
    to be looked at. notes: what each peer makes its saws of.
    """

    cpu_ms_per_s: float
    alias_db: float
    times_cheaper_python: float | None
    times_cheaper_python_any: float
    times_cheaper_csound: float | None
    rounds: int
    times_cheaper: dict[str, float]
    spread: dict[str, tuple[float, float]]
    peers: dict[str, float]
    peers_alias_db: dict[str, float | None]
    notes: dict[str, str]
    absent: dict[str, str]  # peers that are not here, and how to get them

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``."""
        return asdict(self)


def measure(seconds: float = DEFAULT_SECONDS, *, plot: Path | None = None) -> SynthFigures:
    """Measure for about so many seconds, and at least five rounds. plot: a PNG to draw our saw's spectrum into.

    Raises BenchError where a peer renders silence or the drawing cannot be written.
    """
    if plot is not None:
        spectrum.draw(plot, {"hand-dance": saw()})
    here = {peer.name: peer for peer in saw_peers.ALL if not peer.absent()}
    looked_at = {name: peer.saw() for name, peer in here.items()}
    alias = {name: None if one is None else round(spectrum.alias_db(one), 1) for name, one in looked_at.items()}
    own, theirs = _rounds(here, seconds)
    ratios = {name: statistics.median(t / o for o, t in zip(own[name], theirs[name], strict=True)) for name in here}
    python = [name for name, peer in here.items() if peer.python]
    clean = [name for name in python if (level := alias[name]) is not None and level <= ENOUGH_DB]
    all_own = [time for times in own.values() for time in times]
    return SynthFigures(
        cpu_ms_per_s=round(statistics.median(all_own), 4),
        alias_db=round(alias_db(), 1),
        times_cheaper_python=round(min(ratios[name] for name in clean), 2) if clean else None,
        times_cheaper_python_any=round(min(ratios[name] for name in python), 2),
        times_cheaper_csound=round(ratios["csound"], 2) if "csound" in ratios else None,
        rounds=len(next(iter(own.values()))),
        times_cheaper={name: round(ratio, 2) for name, ratio in ratios.items()},
        spread={"hand-dance": _quartiles(all_own)} | {name: _quartiles(times) for name, times in theirs.items()},
        peers={name: round(statistics.median(times), 4) for name, times in theirs.items()},
        peers_alias_db=alias,
        notes={name: peer.note for name, peer in here.items()},
        absent={peer.name: how for peer in saw_peers.ALL if (how := peer.absent())},
    )


def saw(hz: float = spectrum.SAW_HZ) -> Sound:
    """Return as much of one of our own saws as is looked at."""
    sound = np.zeros(spectrum.FRAMES, np.float32)
    SawBank([hz], gain=0.5).render(sound)
    return sound


def alias_db(hz: float = spectrum.SAW_HZ) -> float:
    """Return the loudest alias below 15 kHz of our own saw against its fundamental, dB."""
    return spectrum.alias_db(saw(hz), hz)


def _rounds(here: dict[str, SawPeer], seconds: float) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return our times and theirs, measured in turn: the n-th of both lie beside each other."""
    own: dict[str, list[float]] = {name: [] for name in here}
    theirs: dict[str, list[float]] = {name: [] for name in here}
    sound = np.zeros(OWN_S * RATE_HZ, np.float32)
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(own[saw_peers.Numpy.name]) < LEAST_ROUNDS:
        for name, peer in here.items():
            own[name].append(_own(sound))
            theirs[name].append(peer.cpu_ms_per_s())
    return own, theirs


def _own(sound: Sound) -> float:
    bank = SawBank(PITCHES_HZ)
    begin = time.process_time()
    bank.render(sound, BLOCK)
    return (time.process_time() - begin) * 1e3 / OWN_S


def _quartiles(times: Sequence[float]) -> tuple[float, float]:
    first, _, third = statistics.quantiles(times, n=4)
    return round(first, 4), round(third, 4)

"""Compiles and runs ``ring_duel.c``: the ring and boost's queue against a bare ping-pong, between two pinned processes.

What Python costs on top is measured in ``peers.py``.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from firmware_py.bench import headers
from firmware_py.errors import BenchError

_HERE: Final = Path(__file__).parent
# Every contender is compiled for the machine it runs on.
_OPTIMISE: Final = ("-O3", "-Wall", "-Wextra", *(["-march=native"] if platform.machine() == "x86_64" else []))


@dataclass(frozen=True)
class Contender:
    """One compiled queue: medians over all rounds. Times in ns, trips there and back."""

    push_ns: float
    pop_ns: float
    rtt_ns: float
    rtt_p50_ns: float
    rtt_p99_ns: float
    rtt_p999_ns: float
    rtt_ratio: float  # to the bare ping-pongs just before and after
    rtt_ratio_quartiles: tuple[float, float]
    items_per_s: float
    items_quartiles: tuple[float, float]


@dataclass(frozen=True)
class Duel:
    """All of one run."""

    rounds: int
    pingpong_rtt_ns: float
    pingpong_quartiles: tuple[float, float]
    ring: Contender
    boost: Contender | None
    throughput_to_boost: float | None  # median over rounds of ring / boost of the same round


def run(seconds: float) -> Duel:
    """Measure for so long, at least three rounds.

    Raises
    ------
    BenchError
        There is no C compiler, the program could not be built, or there are fewer than two processors.
    """
    with tempfile.TemporaryDirectory(prefix="hand-dance-bench-") as folder:
        program = _build(Path(folder))
        try:
            done = subprocess.run(
                [program, f"{seconds:.3f}"], capture_output=True, text=True, timeout=20 * seconds + 60, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"the ring's benchmark did not end within {error.timeout:.0f} s") from error
    if done.returncode:
        raise BenchError(f"the ring's benchmark ended with {done.returncode}: {done.stderr.strip() or 'no word why'}")
    return _condense(json.loads(done.stdout)["rounds"])


def _build(folder: Path) -> Path:
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    if compiler is None:
        raise BenchError("no C compiler found: install one (Debian: gcc), or name it in CC")
    program = folder / "ring_duel"
    include = f"-I{headers()}"
    boost = _build_boost(folder)
    own = folder / "ring_duel.o"
    flags = ["-DDUEL_BOOST"] if boost else []
    _call([compiler, "-std=c11", *_OPTIMISE, *flags, include, "-c", str(_HERE / "ring_duel.c"), "-o", str(own)])
    if boost:
        _call([boost[0], str(own), str(boost[1]), "-o", str(program)])
    else:
        _call([compiler, str(own), "-o", str(program)])
    return program


def _build_boost(folder: Path) -> tuple[str, Path] | None:
    """Compiler and object file of boost's queue; None where there is no C++ compiler or no boost."""
    compiler = shutil.which(os.environ.get("CXX", "c++")) or shutil.which("g++")
    if compiler is None:
        return None
    there = subprocess.run(
        [compiler, "-x", "c++", "-E", "-"],
        input="#include <boost/lockfree/spsc_queue.hpp>\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if there.returncode:
        return None
    made = folder / "boost_duel.o"
    _call([compiler, "-std=c++17", *_OPTIMISE, "-c", str(_HERE / "boost_duel.cpp"), "-o", str(made)])
    return compiler, made


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed: {done.stderr.strip()}")


def _condense(rounds: list[dict[str, Any]]) -> Duel:
    bare = [(one["rtt"]["before"][0] + one["rtt"]["after"][0]) / 2 for one in rounds]
    ring = _contender(rounds, bare, "ring")
    boost = _contender(rounds, bare, "boost") if "boost" in rounds[0]["rtt"] else None
    return Duel(
        rounds=len(rounds),
        pingpong_rtt_ns=statistics.median(bare),
        pingpong_quartiles=quartiles(bare),
        ring=ring,
        boost=boost,
        throughput_to_boost=statistics.median(
            one["items_per_s"]["ring"] / one["items_per_s"]["boost"] for one in rounds
        )
        if boost
        else None,
    )


def _contender(rounds: list[dict[str, Any]], bare: list[float], name: str) -> Contender:
    trips = [one["rtt"][name] for one in rounds]
    ratios = [trip[0] / least for trip, least in zip(trips, bare, strict=True)]
    items = [one["items_per_s"][name] for one in rounds]
    rtt, p50, p99, p999 = (statistics.median(trip[at] for trip in trips) for at in range(4))
    return Contender(
        push_ns=statistics.median(one["alone"][name][0] for one in rounds),
        pop_ns=statistics.median(one["alone"][name][1] for one in rounds),
        rtt_ns=rtt,
        rtt_p50_ns=p50,
        rtt_p99_ns=p99,
        rtt_p999_ns=p999,
        rtt_ratio=statistics.median(ratios),
        rtt_ratio_quartiles=quartiles(ratios),
        items_per_s=statistics.median(items),
        items_quartiles=quartiles(items),
    )


def quartiles(values: list[float]) -> tuple[float, float]:
    """The first and the third quartile of at least two values."""
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third

"""``hand-dance bench ring``: round trip, throughput and cost from Python of the ring, beside its peers in the same run.

The figure that counts is a ratio: the machine changes between runs by more than the queues differ. Compiled queues are
measured in ``duel.py``, Python's in ``peers.py``.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

from firmware_py.bench import duel, peers

BOOST: Final = "boost::lockfree::spsc_queue"
DEFAULT_SECONDS: Final = 8.0


@dataclass(frozen=True)
class Percentiles:
    """Of one round's trips, median over rounds, ns."""

    p50: float
    p99: float
    p999: float


@dataclass(frozen=True)
class Peer:
    """One peer: cost of a push and a pop alone, round trip and rate between two pinned processes."""

    push_ns: float
    pop_ns: float
    rtt_ns: float
    items_per_s: float


@dataclass(frozen=True)
class Spread:
    """First and third quartile over the rounds."""

    pingpong_rtt_ns: tuple[float, float]
    rtt_ratio: tuple[float, float]
    items_per_s: tuple[float, float]
    python_push_ns: tuple[float, float]
    python_pop_ns: tuple[float, float]


@dataclass(frozen=True)
class RingFigures:
    """What the benchmark found; ``as_json`` is what the command prints."""

    pingpong_rtt_ns: float  # bare, over one atomic word, just before and after each of the ring's rounds
    rtt_ns: Percentiles
    rtt_ratio: float  # median over rounds of ring / ping-pong
    items_per_s: float
    items_ratio_to_boost: float | None
    python_push_ns: float
    python_pop_ns: float
    python_rtt_ns: float
    python_items_per_s: float
    times_cheaper_push: float  # than the best Python peer
    times_cheaper_pop: float
    rounds: int
    spread: Spread
    peers: dict[str, Peer]
    absent: dict[str, str]  # peers that are not here, and how to get them

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``, figures to four significant digits."""
        plain: dict[str, Any] = _rounded(asdict(self))
        return plain


def measure(seconds: float = DEFAULT_SECONDS) -> RingFigures:
    """Measure for about so many seconds, half of them compiled and half from Python.

    Raises
    ------
    BenchError
        There is no C compiler, or there are fewer than two processors.
    """
    compiled = duel.run(seconds / 2)
    python, absent = peers.measure(seconds / 2)
    own = python.pop(peers.RING)
    found = {name: Peer(one.push_ns, one.pop_ns, one.rtt_ns, one.items_per_s) for name, one in python.items()}
    push_ratio = min(one.push_ns for one in found.values()) / own.push_ns
    pop_ratio = min(one.pop_ns for one in found.values()) / own.pop_ns
    if compiled.boost is None:
        absent[BOOST] = "no C++ compiler or no boost/lockfree: apt install g++ libboost-dev"
    else:
        boost = compiled.boost
        found[BOOST] = Peer(boost.push_ns, boost.pop_ns, boost.rtt_ns, boost.items_per_s)
    ring = compiled.ring
    return RingFigures(
        pingpong_rtt_ns=compiled.pingpong_rtt_ns,
        rtt_ns=Percentiles(ring.rtt_p50_ns, ring.rtt_p99_ns, ring.rtt_p999_ns),
        rtt_ratio=ring.rtt_ratio,
        items_per_s=ring.items_per_s,
        items_ratio_to_boost=compiled.throughput_to_boost,
        python_push_ns=own.push_ns,
        python_pop_ns=own.pop_ns,
        python_rtt_ns=own.rtt_ns,
        python_items_per_s=own.items_per_s,
        times_cheaper_push=push_ratio,
        times_cheaper_pop=pop_ratio,
        rounds=compiled.rounds,
        spread=Spread(
            pingpong_rtt_ns=compiled.pingpong_quartiles,
            rtt_ratio=ring.rtt_ratio_quartiles,
            items_per_s=ring.items_quartiles,
            python_push_ns=own.push_quartiles,
            python_pop_ns=own.pop_quartiles,
        ),
        peers=found,
        absent=absent,
    )


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value) if abs(value) >= 10_000 else float(f"{value:.4g}")
        case dict():
            return {key: _rounded(one) for key, one in value.items()}
        case tuple() | list():
            return [_rounded(one) for one in value]
    return value

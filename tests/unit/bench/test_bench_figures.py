"""The ring's benchmark runs and prints what its readers rely on; how fast the ring is, is not asked here."""

import json

import pytest

from firmware_py.bench import headers
from firmware_py.bench.ring import BOOST, measure

EVERYWHERE = ("multiprocessing.Queue", "multiprocessing.Pipe", "os.pipe")
OPTIONAL = ("faster-fifo", "pyzmq", BOOST)


def test_the_headers_are_found() -> None:
    assert {"ring.h", "seqlock.h"} <= {path.name for path in headers().iterdir()}


@pytest.mark.slow
def test_the_benchmark_prints_every_figure_and_names_every_absent_peer() -> None:
    found = json.loads(json.dumps(measure(0.6).as_json()))
    for key in ("pingpong_rtt_ns", "rtt_ratio", "items_per_s", "python_push_ns", "python_pop_ns"):
        assert found[key] > 0, key
    assert 0 < found["rtt_ns"]["p50"] <= found["rtt_ns"]["p99"] <= found["rtt_ns"]["p999"]
    assert set(EVERYWHERE) <= set(found["peers"])
    assert set(found["peers"]) | set(found["absent"]) == {*EVERYWHERE, *OPTIONAL}
    assert not set(found["peers"]) & set(found["absent"])
    for name, peer in found["peers"].items():
        assert set(peer) == {"push_ns", "pop_ns", "rtt_ns", "items_per_s"}
        assert all(figure > 0 for figure in peer.values()), name

"""The sound benchmarks print what their readers rely on; how fast anything is, is not asked here."""

import json
from pathlib import Path

import numpy as np
import pytest

from firmware_py.bench import delay, saw_peers, synth
from firmware_py.bench.playing import render_percent
from firmware_py.errors import BenchError

KEYS = {"cpu_ms_per_s", "alias_db", "peers"}


class Elsewhere:
    """A peer that is not installed."""

    name, python, note = "elsewhere", True, "nothing"

    def absent(self) -> str:
        return "apt install elsewhere"

    def cpu_ms_per_s(self) -> float:
        raise AssertionError("it is not here")

    def saw(self) -> None:
        raise AssertionError("it is not here")


def test_synth_tells_time_and_alias_of_every_peer_and_how_to_get_those_that_are_absent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(saw_peers, "ALL", (saw_peers.Numpy(), Elsewhere()))
    found = json.loads(json.dumps(synth.measure(0.1, plot=tmp_path / "saw.png").as_json()))
    assert found.keys() >= KEYS
    assert found["alias_db"] < -60
    assert set(found["peers"]) == set(found["times_cheaper"]) == set(found["peers_alias_db"]) == {"numpy"}
    assert found["absent"] == {"elsewhere": "apt install elsewhere"}
    assert found["rounds"] >= 5
    for first, third in found["spread"].values():
        assert 0 < first <= third
    assert found["times_cheaper_csound"] is None
    assert (tmp_path / "saw.png").exists()


def test_numpys_saw_is_the_saw_that_is_asked_for() -> None:
    assert -60 < synth.spectrum.alias_db(saw_peers.Numpy().saw()) < -30


@pytest.mark.parametrize("patch", ["sine", "strings"])
def test_rendering_a_patch_takes_time(patch: str) -> None:
    assert 0 < render_percent(patch, seconds=0.5) < 100


def test_the_delay_of_each_event_is_that_of_the_first_sound_after_it_and_silence_is_missed() -> None:
    rate, pushed = delay.RATE_HZ, np.array([1.0, 1.2, 1.4])
    samples = np.zeros(2 * rate, np.int16)
    for at_s in (1.010, 1.412):
        samples[round(at_s * rate) :][: round(delay.SOUNDS_S * rate)] = 1000
    found = delay._found(pushed, samples, np.arange(len(samples)) / rate)
    assert (found.events, found.missed) == (2, 1)
    assert found.p50_ms == pytest.approx(11.0, abs=0.05)


def test_where_nothing_is_heard_that_is_said() -> None:
    with pytest.raises(BenchError, match="not one change was heard"):
        delay._found(np.array([1.0]), np.zeros(100, np.int16), np.arange(100) / delay.RATE_HZ)

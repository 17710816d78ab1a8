"""The delay of a real sound device, calibrated and measured on a sound server's null sink."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firmware_py.bench.delay import in_stalls, measure
from firmware_py.bench.player import Player
from firmware_py.bench.sound_server import DEVICE, MONITOR, Listener, SoundServer
from firmware_py.bench.stalls import StallWatch
from firmware_py.music.mapping import Mapping
from firmware_py.sound.plan import SoundPlan
from tests.rigs.needs import sound_server

ROOT = Path(__file__).parents[2]
pytestmark = sound_server


def calibrate(server, state, microphone):
    return subprocess.run(
        [
            *(sys.executable, "-m", "firmware_py", "calibrate", "delay", "--state", state, "--json"),
            *("--audio", f"alsa:{DEVICE}", "--microphone", microphone),
        ],
        cwd=ROOT,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.timeout(90)
def test_calibrate_finds_the_chirp_at_the_monitor_and_refuses_what_does_not_hear_it(tmp_path):
    with SoundServer(48_000) as server:
        done = calibrate(server, tmp_path, MONITOR)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert json.loads((tmp_path / "calibration.json").read_text()) == {"device_delay": found}
        assert 0 < found["round_trip_ms"] < 100
        assert found["chirps"] >= 4
        deaf = calibrate(server, tmp_path, "null")
    assert deaf.returncode == 1
    assert deaf.stderr.startswith("hand-dance: the chirp was heard clearly and steadily 0 times of 6")
    assert "Traceback" not in deaf.stderr


@pytest.mark.timeout(60)
def test_the_benchmark_hears_every_change_and_tells_all_of_the_device():
    found = json.loads(json.dumps(measure(12, peers=False).as_json()))
    assert found["events"] + found["missed"] == 12
    assert found["events"] >= 10
    assert 0 < found["p1_ms"] <= found["p50_ms"] <= found["p99_ms"] < 200
    assert found["period_frames"] == 128
    assert found["tape_drops"] == 0
    assert 0 < found["render_share_max"] < 1
    assert {"xruns", "periods", "late_samples", "stolen_ms", "busy", "realtime", "peers", "absent"} <= found.keys()


@pytest.mark.timeout(60)
def test_a_device_that_runs_dry_because_of_the_sound_process_is_not_put_down_to_the_machine():
    plan = SoundPlan(lanes=f"test-stalls-{os.getpid()}", audio=f"alsa:{DEVICE}", mapping=Mapping(), periods=4)
    with SoundServer(48_000) as server, Listener(server), StallWatch() as watch:
        if not watch.granted:
            pytest.skip("needs SCHED_FIFO")
        with Player(plan, server.environment) as player:
            for number in range(3):
                os.kill(player.pid, signal.SIGSTOP)
                time.sleep(0.04)  # much more than the buffer holds
                os.kill(player.pid, signal.SIGCONT)
                limit = time.monotonic() + 5
                while len(player.xruns_within_s) <= number:
                    assert time.monotonic() < limit, "it ran dry, and that was not seen"
                    time.sleep(0.01)
            stalls = [stall for stall in watch.close() if stall.seconds > 0.005]
            assert in_stalls(player.xruns_within_s, stalls) <= len(player.xruns_within_s) - 2

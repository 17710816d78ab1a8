"""A device that runs dry again and again in a whole session: its buffer is made longer, and D goes with it.

The sound process is stopped for a moment, as a machine that is too slow would; the device is a sound server's.
"""

import json
import os
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.sound_server import DEVICE, Listener, SoundServer
from firmware_py.lanes import CONTROL, STATUS, Lanes
from firmware_py.sound.alsa import XRUNS_BORNE
from tests.rigs.hand_dance import COMMAND, environment
from tests.rigs.needs import sound_server
from tests.rigs.processes import awaited, sound_process

pytestmark = sound_server

RATE_HZ, PERIOD_FRAMES, PERIODS = 48_000, 128, 4
STOPPED_S = 0.04  # much more than the buffer holds
BETWEEN_S = 0.3  # until it plays again
SECONDS = 9.0


@pytest.mark.timeout(120)
def test_a_device_that_runs_dry_again_and_again_gets_a_longer_buffer_and_d_goes_with_it(state: Path) -> None:
    told = {"HAND_DANCE_SOUND_PERIODS": str(PERIODS), "HAND_DANCE_SOUND_PERIOD_FRAMES": str(PERIOD_FRAMES)}
    with SoundServer(RATE_HZ) as server, Listener(server):
        play = subprocess.Popen(
            [
                *(*COMMAND, "play", "--song", "ode-to-joy", "--seconds", str(SECONDS), "--camera", "ghost:plain=1"),
                *("--audio", f"alsa:{DEVICE}", "--no-letter", "--json"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment(state), **server.environment, "HAND_DANCE_PATHS_STATE": str(state), **told},
        )
        try:
            wav = awaited(lambda: next(iter(state.glob(f"sessions/*/{SessionFolder.SOUND}")), None), "recording")
            folder = SessionFolder(wav.parent)
            with closing(Lanes.attach(f"session-{play.pid}")) as lanes:

                def control(field: str) -> int:
                    return int(np.frombuffer(lanes.control.read(), CONTROL)[0][field])

                def status(field: str) -> int:
                    return int(np.frombuffer(lanes.status.read(), STATUS)[0][field])

                before_us = awaited(lambda: control("delay_us"), "delay")
                pid = awaited(lambda: sound_process(play.pid), "sound process")
                first_periods = status("periods")
                for _ in range(3 * XRUNS_BORNE):
                    if status("periods") > first_periods:
                        break
                    os.kill(pid, signal.SIGSTOP)
                    time.sleep(STOPPED_S)
                    os.kill(pid, signal.SIGCONT)
                    time.sleep(BETWEEN_S)
                awaited(lambda: status("periods") > first_periods, "longer buffer", 3)
                awaited(lambda: control("delay_us") > before_us, "longer delay", 3)
            out, err = play.communicate(timeout=60)
        finally:
            play.kill()
            play.wait()
    assert play.returncode == 0, err
    record, printed = folder.record(), json.loads(out)
    grown_s = (record.counters["periods"] - first_periods) * PERIOD_FRAMES / RATE_HZ
    assert record.delay_s == before_us / 1e6
    assert record.delay_moves
    assert record.delay_moves[-1].to_s == pytest.approx(record.delay_s + grown_s, abs=1e-5)
    assert 0 < record.delay_moves[0].at_s < SECONDS
    assert printed["delay"]["moves"] == [vars(move) for move in record.delay_moves]
    assert record.seconds == pytest.approx(SECONDS)
    assert "the sound device has a longer buffer now" in err

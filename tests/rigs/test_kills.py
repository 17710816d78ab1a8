"""SIGKILL to the sound process at random instants of whole sessions: what is on the disk, then and at the end.

Five kills here; ``make kill-test`` sets HAND_DANCE_KILLS=100 and prints the count. The instrument is off and the
backing is the sound, because its frames are known one by one: frame n of the recording must be frame n of the backing.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.lanes import STATUS, Lanes
from firmware_py.music.songs_library import load_song
from firmware_py.sound.backing import render_backing
from tests.rigs.hand_dance import COMMAND, environment
from tests.rigs.processes import awaited, sound_process

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

KILLS = int(os.environ.get("HAND_DANCE_KILLS", "5"))
PER_SESSION = 5  # the supervisor gives up on a process that dies more often in 20 s
SECONDS = 14.0
RATE_HZ = 48_000
SONG, COUNT_IN_BARS = "ode-to-joy", 1
PLAY = ["play", "--camera", "ghost:plain=1", "--audio", "paced", "--no-letter"]
LEVELS = {
    "HAND_DANCE_SOUND_BACKING": "own",
    "HAND_DANCE_SOUND_INSTRUMENT_DB": "-90",
    "HAND_DANCE_SOUND_METRONOME_DB": "0",
    "HAND_DANCE_SOUND_BACKING_DB": "0",
}
ROUNDING = 1  # of 32767
FADE_S = 0.03  # sound comes back, and ends, with a fade
AHEAD_S = 0.02  # what is in the device's buffer at a death was played already, and is on the tape


def _left_on_the_disk(wav: Path, copy: Path) -> int:
    """Frames of the WAV as it lies there at this instant, accepted by soundfile and sox."""
    shutil.copyfile(wav, copy)
    frames = soundfile.info(copy).frames
    sox = subprocess.run(["soxi", "-s", copy], capture_output=True, text=True, check=True, timeout=10)
    assert sox.stderr == ""
    assert int(sox.stdout) == frames
    assert len(soundfile.read(copy, dtype="int16")[0]) == frames
    return frames


def _session(state: Path, kills: int, chance: random.Random) -> None:
    """Play one session through so many kills, and look at its WAV after each of them and at the end."""
    play = subprocess.Popen(
        [*COMMAND, *PLAY, "--song", SONG, "--seconds", str(SECONDS)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(state), **LEVELS},
    )
    killed_s = []
    try:
        wav = awaited(lambda: next(iter(state.glob(f"sessions/*/{SessionFolder.SOUND}")), None), "recording")
        folder = SessionFolder(wav.parent)
        t0_ns = awaited(lambda: folder.record().t0_ns, "beginning")
        lanes = Lanes.attach(f"session-{play.pid}")
        pid = 0
        for instant_s in sorted(chance.uniform(0.1, SECONDS - 2.5) for _ in range(kills)):
            pid = awaited(lambda last=pid: sound_process(play.pid, last), "new sound process")
            awaited(lambda at_ns=t0_ns + instant_s * 1e9: time.monotonic_ns() > at_ns, "instant to kill at")
            before_s = (time.monotonic_ns() - t0_ns) / 1e9
            os.kill(pid, signal.SIGKILL)
            killed_s.append((before_s, (time.monotonic_ns() - t0_ns) / 1e9))
            played = int(np.frombuffer(lanes.status.read(), STATUS)[0]["frames"])
            assert played - _left_on_the_disk(wav, state / "copy.wav") <= RATE_HZ
        _, err = play.communicate(timeout=60)
        lanes.close()
    finally:
        play.kill()
        play.wait()
    assert play.returncode == 0, err
    _check_gaps(folder, killed_s)
    shutil.rmtree(folder.path)


def _check_gaps(folder: SessionFolder, killed_s: list[tuple[float, float]]) -> None:
    """Every frame is the backing's frame of that number, but in the gaps: silent from the first frame told to the last.

    killed_s: for each kill, an instant before and one after it.
    """
    record = folder.record()
    sound = soundfile.read(folder.file(SessionFolder.SOUND), dtype="int16")[0].astype(int)
    assert len(sound) == round(SECONDS * RATE_HZ)
    stems = render_backing(
        load_song(SONG), song_start_s=record.song_start_s, rate_hz=RATE_HZ, count_in_bars=COUNT_IN_BARS
    )[: len(sound)].astype(int)
    wanted = stems[:, :2] + stems[:, 2:3]  # the clicks; the guide is off
    gaps = [gap for gap in record.gaps if gap.process == "sound"]
    assert 1 <= len(gaps) <= len(killed_s)
    for before_s, after_s in killed_s:
        assert any(before_s - 1.0 < gap.start_s < after_s + AHEAD_S and before_s < gap.end_s for gap in gaps), (
            before_s,
            gaps,
        )

    other = np.any(np.abs(sound - wanted) > ROUNDING, axis=1)
    fade = round(FADE_S * RATE_HZ)
    other[:fade] = other[-fade:] = False
    for gap in gaps:
        first, end = round(gap.start_s * RATE_HZ), round(gap.end_s * RATE_HZ)
        assert not np.any(sound[first:end]), f"something sounds in {gap}"
        other[first : end + fade] = False
    wrong = np.flatnonzero(other)
    assert not len(wrong), (
        f"{len(wrong)} frames are not at their place, the first {wrong[0]}, the last {wrong[-1]}, there "
        f"{sound[wrong[0]]} for {wanted[wrong[0]]}; killed at {killed_s}; gaps {gaps}; counters {record.counters}"
    )


def test_a_sound_process_killed_at_any_instant_leaves_a_whole_wav_with_the_gap_at_its_true_place(state: Path) -> None:
    chance = random.Random(os.environ.get("HAND_DANCE_SEED", "kills"))
    done = 0
    while done < KILLS:
        kills = min(PER_SESSION, KILLS - done)
        _session(state, kills, chance)
        done += kills
        print(f"{done} kills survived", flush=True)

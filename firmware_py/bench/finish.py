"""``hand-dance bench finish``: from the stop button to the letter in the outbox, for a session of three minutes.

A session is made up as one would lie on the card after the stop: samples of a hand that played a song, and sound.wav.
A fresh process then does what the instrument does, so that imports count and memory is its own. LilyPond engraves the
same notes beside it where it is installed. Not here: playing, or sending the letter.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.errors import BenchError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.note import Note
from firmware_py.music.song import Song
from firmware_py.music.song_file import format_song
from firmware_py.music.songs_library import load_song, mapping_for

SECONDS: Final = 180.0
RATE_HZ: Final = 48_000
FRAMES_PER_S: Final = 60
START_S: Final = 2.0
SEED: Final = 20_261
LILYPOND: Final = ("musicxml2ly", "lilypond")
_LET_GO_S: Final = 0.06
_STEPS: Final = {  # where the report and the letter take their steps, and what each is called here
    "firmware_py.report.report": {
        "performance_of": "notes and marks",
        "roll": "pitch curve",
        "engrave": "engraving",
        "midi_of": "midi",
        "musicxml_of": "musicxml",
        "pdf_of": "pdf",
        "preview_of": "preview",
    },
    "firmware_py.post.mailer": {"queue_session": "letter"},
}


@dataclass(frozen=True)
class FinishFigures:
    """What the benchmark found.

    total_s: from the stop to the letter in the outbox; steps: seconds in each, ``rest`` is what none of them took.
    peak_mb: memory of the process at its largest. peers: seconds that LilyPond took to engrave the same notes. absent:
    peers that are not here, and how to get them. seconds, notes: length of the session, and notes played in it.
    """

    total_s: float
    steps: dict[str, float]
    peak_mb: float
    peers: dict[str, float]
    absent: dict[str, str]
    seconds: float
    notes: int

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``."""
        return asdict(self)


def measure(seconds: float = SECONDS) -> FinishFigures:
    """Measure a session of about so many seconds. Raises BenchError where it could not be finished."""
    with tempfile.TemporaryDirectory(prefix="hand-dance-bench-") as place:
        state = Path(place)
        folder = made_up_session(state, seconds)
        ran = subprocess.run(
            [sys.executable, "-m", "firmware_py.bench.finish", str(state), str(folder.path)],
            capture_output=True,
            text=True,
            timeout=600,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        if ran.returncode:
            raise BenchError(f"the session could not be finished: {ran.stderr.strip()[-500:]}")
        found = json.loads(ran.stdout)
        peers, absent = {}, {}
        if all(shutil.which(name) for name in LILYPOND):
            peers["lilypond"] = round(_lilypond(folder.file(SessionFolder.MUSICXML), state), 3)
        else:
            absent["lilypond"] = "apt install lilypond"
        return FinishFigures(**found, peers=peers, absent=absent, seconds=folder.record().seconds)


def made_up_session(state: Path, seconds: float = SECONDS) -> SessionFolder:
    """Return a session of about so many seconds as it lies on the card after the stop, with a song as long as it."""
    once = load_song("ode-to-joy")
    times = max(1, round((seconds - START_S) / once.seconds(once.end)))
    song = _repeated(once, times)
    path = state / "long.toml"
    path.write_text(format_song(song), encoding="utf-8")
    mapping = mapping_for(song, Config().play)
    length_s = START_S + song.seconds(song.end)
    rng = np.random.default_rng(SEED)
    samples = np.zeros(round(length_s * FRAMES_PER_S), HAND_SAMPLE)
    at_s = np.arange(len(samples)) / FRAMES_PER_S
    samples["t_capture_ns"] = np.round(at_s * 1e9).astype(np.uint64)
    samples["t_publish_ns"] = samples["t_capture_ns"]
    samples["frame"] = np.arange(len(samples))
    for note in song.melody_at(START_S):
        played = Note(note.onset_s + rng.normal(0, 0.04), note.duration_s, note.pitch + rng.normal(0, 0.2))
        held = (at_s >= played.onset_s) & (at_s < played.end_s - _LET_GO_S)
        samples["flags"][held] = Flag.PRESENT
        samples["hands"][held, 0] = (mapping.area_of(played.pitch), 0.5, 0.4, 0.8, 0.9)
    record = finished_record(
        song=str(path),
        mapping=mapping,
        rate_hz=RATE_HZ,
        song_start_s=START_S,
        delay_s=0.0,
        tempo_bpm=song.tempo_bpm,
        seconds=length_s,
    )
    folder = SessionFolder.create(state / "sessions", record)
    folder.write_whole(SessionFolder.SAMPLES, samples.tobytes())
    tone = 0.2 * np.sin(2 * np.pi * 220.0 * np.arange(round(length_s * RATE_HZ)) / RATE_HZ)
    noise = rng.normal(0, 0.02, len(tone))
    soundfile.write(folder.file(SessionFolder.SOUND), np.stack([tone + noise, tone - noise], axis=1), RATE_HZ)
    return folder


def finish_and_time(state: Path, session: Path) -> dict[str, Any]:
    """Finish a session in this process and return total_s, steps, peak_mb and notes."""
    import importlib

    from firmware_py.session.finish import finish

    steps: dict[str, float] = {}
    config = Config(paths=PathSettings(state=str(state)), mail=MailSettings(transport="maildir"))
    begin = time.perf_counter()
    for module, names in _STEPS.items():
        room = importlib.import_module(module)
        for name, called in names.items():
            setattr(room, name, _timed(getattr(room, name), called, steps))
    outcome = finish(SessionFolder(session), config, letter=True)
    total_s = time.perf_counter() - begin
    if outcome.report is None or not outcome.queued:
        raise BenchError(f"{session} was not finished; what kept it stands above")
    steps["rest"] = total_s - sum(steps.values())
    return {
        "total_s": round(total_s, 3),
        "steps": {name: round(took, 3) for name, took in steps.items()},
        "peak_mb": _peak_mb(),
        "notes": len(outcome.report["notes"]),
    }


def _timed(step: Callable[..., Any], called: str, steps: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: Any, **more: Any) -> Any:
        begin = time.perf_counter()
        try:
            return step(*args, **more)
        finally:
            steps[called] = steps.get(called, 0.0) + time.perf_counter() - begin

    return timed


def _peak_mb() -> float:
    """Return the largest memory of this process; getrusage would count that of the one that started it."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(told.partition("VmHWM:")[2].split()[0]) / 1024, 1)


def _repeated(song: Song, times: int) -> Song:
    melody = tuple(replace(n, onset=n.onset + k * song.end) for k in range(times) for n in song.melody)
    return replace(song, name="long", melody=melody, parts=(), chords=(), backing="")


def _lilypond(musicxml: Path, place: Path) -> float:
    """Return the seconds that LilyPond takes to engrave the notes; reading the MusicXML is not counted."""
    source = place / "peer.ly"
    subprocess.run([LILYPOND[0], "-o", source, musicxml], check=True, capture_output=True, timeout=300)
    begin = time.perf_counter()
    subprocess.run([LILYPOND[1], "-s", "-o", place / "peer", source], check=True, capture_output=True, timeout=300)
    return time.perf_counter() - begin


if __name__ == "__main__":
    print(json.dumps(finish_and_time(Path(sys.argv[1]), Path(sys.argv[2]))))

"""Whole sessions with the ghost before the camera: camera → ring → sound → folder → marks, page and letter.

As fast as they go, but through the same processes, lanes and files as any other session.
"""

import email.policy
import io
import json
from email import message_from_bytes
from pathlib import Path

import mido
import mir_eval
import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.loudness import LoudnessMeter
from firmware_py.music.pitch import midi_to_hz
from firmware_py.music.songs_library import load_song
from tests.rigs.hand_dance import run

pytestmark = pytest.mark.slow
DERIVED = {
    SessionFolder.MIDI,
    SessionFolder.MUSICXML,
    SessionFolder.REPORT,
    SessionFolder.NOTES,
    SessionFolder.SCORE,
    SessionFolder.PREVIEW,
    SessionFolder.SOUND,
    SessionFolder.SAMPLES,
    SessionFolder.RECORD,
}


def _play(state: Path, player: str, *more: str) -> dict:
    return run(state, "play", "--camera", f"ghost:{player}", "--audio", "offline", "--json", *more).json


def test_a_perfect_ghost_gets_its_marks_its_notes_its_files_and_its_letter(state: Path) -> None:
    found = _play(state, "player=perfect", "--song", "ode-to-joy", "--player", "Ghost & Söhne", "--patch", "string")
    assert found["marks"] >= 95
    assert set(found["files"]) == DERIVED
    folder = SessionFolder(Path(found["session"]))
    record = folder.record()
    assert (record.end, record.gaps, record.counters["ring_drops"], record.counters["tape_drops"]) == (
        "the clip ended",
        (),
        0,
        0,
    )

    report = json.loads(folder.file(SessionFolder.REPORT).read_text())
    wanted = load_song("ode-to-joy").melody_at(record.song_start_s)
    played = report["notes"]
    scores = mir_eval.transcription.precision_recall_f1_overlap(
        np.array([(n.onset_s, n.end_s) for n in wanted]),
        np.array([midi_to_hz(n.pitch) for n in wanted]),
        np.array([(n["onset_s"], n["onset_s"] + n["duration_s"]) for n in played]),
        np.array([midi_to_hz(n["pitch"]) for n in played]),
        onset_tolerance=0.15,
        pitch_tolerance=50.0,
        offset_ratio=None,
    )
    assert scores[2] >= 0.95

    midi = mido.MidiFile(folder.file(SessionFolder.MIDI))
    starts = [m for track in midi.tracks for m in track if m.type == "note_on" and m.velocity]
    assert len(starts) >= len(played)

    letter = message_from_bytes(Path(found["letter"]).read_bytes(), policy=email.policy.default)
    kinds = {part.get_content_type() for part in letter.walk()}
    assert {"text/plain", "text/html", "application/pdf", "audio/midi"} <= kinds
    attached = {part.get_filename(): part.get_payload(decode=True) for part in letter.iter_attachments()}
    assert _lufs(folder.file(SessionFolder.SOUND).read_bytes()) > -15.5  # louder than a letter
    mailed = attached[next(name for name in attached if name.endswith(".wav"))]
    assert _lufs(mailed) == pytest.approx(-16, abs=0.2)
    assert folder.file(SessionFolder.SCORE).read_bytes() in attached.values()


def _lufs(wav: bytes) -> float:
    sound, rate = soundfile.read(io.BytesIO(wav), dtype="float32", always_2d=True)
    meter = LoudnessMeter(rate)
    meter.add(sound)
    return meter.loudness().lufs


def test_the_recording_holds_the_melody_in_tune_without_clicks_and_below_full_scale(state: Path) -> None:
    found = _play(
        state,
        "player=perfect,plain=1",
        "--song",
        "ode-to-joy",
        "--backing-db",
        "-90",
        "--metronome-db",
        "-90",
        "--patch",
        "sine",
    )
    sound, rate = soundfile.read(found["files"]["sound.wav"], dtype="float64", always_2d=True)
    left = sound[:, 0]
    assert np.abs(sound).max() < 1.0
    record = SessionFolder(Path(found["session"])).record()
    highest_hz = midi_to_hz(record.mapping.high + 1)
    assert np.abs(np.diff(left)).max() <= 1.2 * 2 * np.pi * highest_hz / rate * np.abs(left).max()
    off = []
    for note in load_song("ode-to-joy").melody_at(record.song_start_s):
        middle = left[int((note.onset_s + 0.45 * note.duration_s) * rate) :][: int(0.35 * note.duration_s * rate)]
        off.append(abs(1200 * np.log2(_frequency_hz(middle, rate) / midi_to_hz(note.pitch))))
    assert max(off) <= 20, off


def _frequency_hz(piece: np.ndarray, rate: int) -> float:
    """The strongest partial, by the peak of a zero-padded spectrum between its neighbours."""
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 1 << 19))
    return float(np.argmax(spectrum) * rate / (1 << 19))


@pytest.mark.parametrize(("player", "most"), [("held", 2), ("random", 5), ("silent", 0)])
def test_playing_that_is_no_playing_earns_nothing(state: Path, player: str, most: float) -> None:
    found = _play(state, f"player={player}", "--no-letter")
    assert found["marks"] <= most
    assert set(found["files"]) == DERIVED


def test_half_a_song_earns_half_the_marks(state: Path) -> None:
    assert 40 <= _play(state, "player=first-half", "--no-letter")["marks"] <= 60


def test_the_same_folder_gives_the_same_bytes_again(state: Path) -> None:
    found = _play(state, "player=perfect,cents=40", "--no-letter", "--seconds", "12")
    made = {name: Path(found["files"][name]) for name in DERIVED - {SessionFolder.RECORD}}
    before = {name: path.read_bytes() for name, path in made.items()}
    assert run(state, "report", found["session"]).code == 0
    assert [name for name, path in made.items() if path.read_bytes() != before[name]] == []


def test_the_same_ghost_gives_the_same_samples_and_sound_twice(state: Path) -> None:
    first, second = (_play(state, "player=perfect,seed=7", "--no-letter", "--seconds", "8") for _ in range(2))
    for name in (SessionFolder.SOUND,):
        assert Path(first["files"][name]).read_bytes() == Path(second["files"][name]).read_bytes()
    assert first["marks"] == second["marks"]

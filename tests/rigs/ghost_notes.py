"""How well the notes of a ghost's session are those of its song, by mir_eval, for the tests of whole sessions."""

import json
from typing import Final

import mir_eval
import numpy as np

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.pitch import midi_to_hz
from firmware_py.music.song import Song

LEAST_F1: Final = 0.97
CENTS: Final = 50.0
ONSET_S: Final = 0.15


def f1_of(folder: SessionFolder, song: Song) -> float:
    """Return the F1 of the notes reported, 0…1: each counts by its pitch and its onset; song: as it was played."""
    wanted = song.melody_at(folder.record().song_start_s)
    played = json.loads(folder.file(SessionFolder.REPORT).read_text())["notes"]
    scores = mir_eval.transcription.precision_recall_f1_overlap(
        np.array([(n.onset_s, n.end_s) for n in wanted]),
        np.array([midi_to_hz(n.pitch) for n in wanted]),
        np.array([(n["onset_s"], n["onset_s"] + n["duration_s"]) for n in played]),
        np.array([midi_to_hz(n["pitch"]) for n in played]),
        onset_tolerance=ONSET_S,
        pitch_tolerance=CENTS,
        offset_ratio=None,
    )
    return float(scores[2])

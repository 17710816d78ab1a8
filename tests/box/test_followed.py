"""The box's services at the speed of this machine: the finder follows the ghost's hand; it is heard, marked and mailed.

In a container, as root. The emulated machine (test_played.py) takes seconds for a look of the finder, and its hand has
moved on by then; here the song's melody is in the recording because a hand played it: the backing is off.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from firmware_py.music.songs_library import load_song
from tests.box.container import PLAYED_BY_SIGNALS, Container
from tests.box.hearing import melody_in_tune
from tests.box.inside import INSTRUMENT, STATE

ALONE = 'Environment="HAND_DANCE_CAMERA_SOURCE=ghost" "HAND_DANCE_SOUND_BACKING_DB=-90"'
WHOLE_LETTER = {".wav", ".pdf", ".mid", ".musicxml"}


@pytest.fixture
def container(built: None, tmp_path: Path) -> Iterator[Container]:
    with Container(tmp_path, {INSTRUMENT: [*PLAYED_BY_SIGNALS, ALONE]}) as one:
        yield one


def test_what_the_hand_plays_is_recorded_marked_and_mailed(container: Container, say) -> None:
    container.hears_state("ready")
    container.press()
    container.hears_state("counting-in")
    container.hears_state("finishing")  # the ghost plays to the song's end
    container.hears_state("ready")
    found = container.settled()
    (name,), (letter,) = found["sessions"], found["letters"]
    assert {Path(each).suffix for each in letter["attached"]} >= WHOLE_LETTER
    folder = f"{STATE}/sessions/{name}"
    record = json.loads(container.run(f"cat {folder}/session.json"))
    marks = json.loads(container.run(f"cat {folder}/report.json"))["marks"]["total"]
    sound, rate_hz = soundfile.read(io.BytesIO(container.read(f"{folder}/sound.wav")))
    melody = load_song(record["song"]).melody_at(record["song_start_s"])
    on_tape = melody_in_tune(sound.mean(axis=1), rate_hz, melody)
    seen = record["counters"]["frames_with_hand"] / record["counters"]["frames"]
    say(f"\nby the finder's eyes: a hand in {seen:.0%} of the frames, {on_tape} in the WAV, marks {marks:.0f}")
    assert on_tape.right >= 0.9 * on_tape.could_be
    assert marks >= 90

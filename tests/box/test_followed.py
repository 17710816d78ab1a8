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


@pytest.fixture(scope="module")
def container(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with Container(tmp_path_factory.mktemp("container"), {INSTRUMENT: [*PLAYED_BY_SIGNALS, ALONE]}) as one:
        one.hears_state("ready")
        yield one


def test_what_the_hand_plays_is_recorded_marked_and_mailed(container: Container, say) -> None:
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


def test_all_of_the_box_is_stopped_and_started_under_one_name(container: Container) -> None:
    parts = ".service -post.path -post.timer -access-point.timer -wishes.path"
    goes_on = f"for part in {parts}; do systemctl is-active hand-dance$part || :; done | sort | uniq -c"
    assert container.run(goes_on).split() == ["5", "active"]
    container.catch_up()
    container.run("systemctl stop hand-dance.target")
    container.hears("Deactivated successfully")
    assert container.run(goes_on).split() == ["5", "inactive"]
    container.run("systemctl start hand-dance.target")
    container.hears_state("ready")
    assert container.run(goes_on).split() == ["5", "active"]

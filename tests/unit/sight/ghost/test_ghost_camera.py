"""The ghost as a camera."""

from pathlib import Path

from firmware_py.music.note import Note
from firmware_py.sight.camera import Pace
from firmware_py.sight.ghost.camera import GhostCamera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer

T0 = 1_000_000_000
PART = GhostPart((Note(0.1, 0.2, 60.0),), seconds=0.5)


def test_a_ghost_gives_its_script_frame_by_frame(tmp_path: Path) -> None:
    camera = GhostCamera(PART, GhostPlayer(), 60.0, cache=tmp_path)
    frames = list(camera.frames(Pace(T0, realtime=False)))
    assert [frame.number for frame in frames] == list(range(30))
    assert frames[6].t_capture_ns == T0 + 100_000_000
    assert frames[0].i420.shape == (360, 320)
    assert frames[0].source_size == (320, 240)
    assert camera.scripted


def test_a_ghost_that_is_started_anew_goes_on_with_the_same_frames(tmp_path: Path) -> None:
    whole = list(GhostCamera(PART, GhostPlayer(), cache=tmp_path).frames(Pace(T0, realtime=False)))
    pace = Pace(T0, realtime=False, resume_ns=whole[11].t_capture_ns)
    rest = list(GhostCamera(PART, GhostPlayer(), cache=tmp_path).frames(pace))
    assert [frame.i420.tobytes() for frame in rest] == [frame.i420.tobytes() for frame in whole[12:]]
    assert rest[0].number == 12

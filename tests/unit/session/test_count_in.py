"""What is decided before the first note: over real lanes, with samples and arrivals that the test writes."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_py.archive.players import Players
from firmware_py.config import CameraSettings, Config, PathSettings, PlaySettings, SoundSettings
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import ARRIVALS, Lanes
from firmware_py.session.count_in import AFTER_HOLD_S, BEFORE_SONG_S, WAIT_S, CountIn
from firmware_py.session.plan import SessionPlan, plan_session
from firmware_py.sound.arrival import PLANNED_S

T0_NS = 10**12


class Stage:
    """A count-in over lanes of its own."""

    def __init__(self, state: Path, lanes: Lanes) -> None:
        self.state, self.lanes = state, lanes

    def planned(self, camera: str = "ghost", audio: str = "paced", delay_ms: float = 0.0, **play: Any) -> SessionPlan:
        return plan_session(
            Config(
                paths=PathSettings(state=str(self.state)),
                camera=CameraSettings(source=camera),
                sound=SoundSettings(audio=audio, delay_ms=delay_ms),
                play=PlaySettings(**{"song": "twinkle", **play}),
            ),
            "unused",
        )

    def counted(self, camera: str = "ghost", **asked: Any) -> CountIn:
        self.plan = self.planned(camera, **asked)
        return CountIn(self.plan, self.lanes)

    def arrived(self, age_us: int, frames: int = 100, interval_us: int = 16_667) -> None:
        record = np.zeros((), ARRIVALS)
        record["count"] = frames
        record["age_us"][:frames], record["interval_us"][:frames] = age_us, interval_us
        self.lanes.arrivals.write(record.tobytes())

    def see(self, seconds: float, area: float | None) -> None:
        sample = np.zeros((), HAND_SAMPLE)
        sample["t_capture_ns"] = T0_NS + round(seconds * 1e9)
        if area is not None:
            sample["flags"] = Flag.PRESENT
            sample["hands"][0]["area"] = area
        self.lanes.latest.write(sample.tobytes())

    def hold(self, count_in: CountIn, far: float | None, near: float | None) -> list[bool]:
        """Hold the hand far and near as asked; returns what each step said."""
        stage = self.plan.reach_stage
        assert stage
        changed = []
        for tick in range(round((stage.near_until_s + AFTER_HOLD_S) * 50) + 2):
            seconds = tick / 50
            self.see(seconds, far if seconds < stage.far_until_s else near)
            changed.append(count_in.step(seconds, T0_NS))
        return changed


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the song's backing is rendered into once for all of these tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def stage(tmp_path: Path, cache: Path) -> Iterator[Stage]:
    (tmp_path / "cache").symlink_to(cache)
    with closing(Lanes.create(f"test-count-in-{os.getpid()}")) as lanes:
        yield Stage(tmp_path, lanes)


def test_the_delay_is_decided_once_just_before_the_song_and_told_with_its_figures(stage: Stage) -> None:
    count_in = stage.counted()
    start_s = stage.plan.record.song_start_s
    stage.arrived(10_000)
    assert not count_in.step(0.0, T0_NS)
    assert not count_in.step(start_s - BEFORE_SONG_S - 0.01, T0_NS)
    assert (count_in.control, count_in.delay_s, count_in.news()) == ({"delay_us": 0}, None, {})
    assert count_in.step(start_s - BEFORE_SONG_S, T0_NS)
    assert count_in.control == {"delay_us": 29_667}
    assert count_in.delay_s == pytest.approx(0.029667)
    news = count_in.news()
    assert (news["delay_s"], news["delay_how"]) == (0.029667, "measured")
    assert news["delay_figures"]["age_p99_ms"] == 10.0
    stage.arrived(90_000)
    assert not count_in.step(start_s + 5, T0_NS)
    assert (count_in.control, count_in.news()) == ({"delay_us": 29_667}, {})


def test_without_pictures_the_delay_is_assumed_and_said_to_be(stage: Stage) -> None:
    count_in = stage.counted()
    assert count_in.step(stage.plan.record.song_start_s, T0_NS)
    assert count_in.control == {"delay_us": round(PLANNED_S * 1e6)}
    assert count_in.news()["delay_how"].startswith("assumed: too few pictures")


def test_a_slow_camera_is_said_aloud(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    count_in = stage.counted()
    stage.arrived(30_000, interval_us=66_667)
    count_in.step(stage.plan.record.song_start_s, T0_NS)
    assert "the sound comes 100 ms after the hand" in capsys.readouterr().err


def test_a_delay_that_is_set_is_told_from_the_beginning_and_stays(stage: Stage) -> None:
    count_in = stage.counted(delay_ms=45.0)
    stage.arrived(10_000)
    assert count_in.control == {"delay_us": 45_000}
    assert not count_in.step(stage.plan.record.song_start_s, T0_NS)
    assert (count_in.control, count_in.news()) == ({"delay_us": 45_000}, {})


@pytest.mark.parametrize("camera", ["ghost", "v4l2"])
def test_as_fast_as_it_goes_nothing_is_told_and_the_plan_holds(stage: Stage, camera: str) -> None:
    count_in = stage.counted(camera, audio="offline")
    stage.arrived(10_000)
    assert not count_in.step(stage.plan.record.song_start_s + 1, T0_NS)
    assert count_in.control == {"delay_us": 0}
    assert stage.plan.record.delay_s == stage.plan.sound.delay_ns / 1e9 == PLANNED_S


def test_a_live_session_without_a_count_in_waits_a_moment_for_pictures_to_measure_by(stage: Stage) -> None:
    count_in = stage.counted("v4l2", song="free")
    assert not count_in.may_begin(100.0)
    assert not count_in.may_begin(100.0 + WAIT_S)
    assert count_in.may_begin(100.1 + WAIT_S)
    stage.arrived(10_000)
    assert stage.counted("v4l2", song="free").may_begin(100.0)
    assert stage.counted("v4l2").may_begin(100.0)
    assert stage.counted(song="free").may_begin(100.0)


def test_a_free_session_decides_its_delay_as_it_begins(stage: Stage) -> None:
    count_in = stage.counted("v4l2", song="free")
    stage.arrived(20_000)
    assert count_in.step(0.0, T0_NS)
    assert count_in.control == {"delay_us": 39_667}


def test_a_reach_found_is_told_to_the_instrument_and_kept_for_the_player(stage: Stage) -> None:
    count_in = stage.counted(fit_reach="count-in", player="Ana")
    assert stage.hold(count_in, 0.03, 0.09)[-2:].count(True) <= 1
    control = count_in.control
    assert (control["area_far"], control["area_near"]) == (np.float32(0.03), np.float32(0.09))
    news = count_in.news()
    assert news["mapping"] == replace(
        stage.plan.record.mapping, area_far=float(np.float32(0.03)), area_near=float(np.float32(0.09))
    )
    assert news["reach_how"] == "found in the count-in"
    assert Players(stage.state).named("Ana").reach is None
    count_in.keep()
    kept = Players(stage.state).named("ana").reach
    assert kept is not None
    assert kept.ratio == pytest.approx(3.0, rel=1e-3)


def test_while_the_reach_is_looked_for_the_instrument_is_silent_and_words_say_what_to_do(stage: Stage) -> None:
    count_in = stage.counted(fit_reach="count-in")
    assert stage.plan.reach_stage
    until_s = stage.plan.reach_stage.near_until_s
    assert count_in.step(0.0, T0_NS)
    assert count_in.control["instrument_db"] == -90.0
    assert "far" in count_in.words(0.1)
    assert "near" in count_in.words(until_s - 0.1)
    assert count_in.step(until_s + AFTER_HOLD_S, T0_NS)
    assert "instrument_db" not in count_in.control
    assert count_in.words(until_s + 0.1) == ""


def test_an_eye_that_goes_by_colours_is_shown_the_hand_until_the_song_begins(stage: Stage) -> None:
    count_in = stage.counted(fit_reach="count-in")
    assert stage.plan.reach_stage
    after_reach_s = stage.plan.reach_stage.near_until_s + 0.1
    assert count_in.words(after_reach_s) == ""
    count_in.ask_for_hand()
    assert "far" in count_in.words(0.1)
    assert count_in.words(after_reach_s) == "hold your open hand up in the middle of the picture"
    assert count_in.words(stage.plan.record.song_start_s) == ""


@pytest.mark.parametrize(
    ("far", "near", "why"),
    [
        (0.05, 0.06, "only 1.2 times as much"),
        (None, 0.06, "far away, no hand was seen"),
        (0.03, None, "near, no hand was seen"),
    ],
)
def test_a_reach_that_is_refused_leaves_the_former_one_and_is_said_and_noted(
    stage: Stage, capsys: pytest.CaptureFixture[str], far: float | None, near: float | None, why: str
) -> None:
    count_in = stage.counted(fit_reach="count-in", player="Ana")
    stage.hold(count_in, far, near)
    assert count_in.control == {"delay_us": 0}
    news = count_in.news()
    assert "mapping" not in news
    assert news["reach_how"].startswith("assumed; none was found in the count-in")
    assert why in news["reach_how"]
    said = capsys.readouterr().err
    assert said.startswith("hand-dance: the reach stays as it was: ")
    assert why in said
    count_in.keep()
    assert Players(stage.state).named("Ana").reach is None


def test_nobody_without_a_name_is_kept(stage: Stage) -> None:
    count_in = stage.counted(fit_reach="count-in")
    stage.hold(count_in, 0.03, 0.09)
    count_in.keep()
    assert "area_far" in count_in.control
    assert Players(stage.state).all() == ()


def test_a_reach_that_cannot_be_kept_is_said_and_harms_nothing(
    stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    count_in = stage.counted(fit_reach="count-in", player="Ana")
    stage.hold(count_in, 0.03, 0.09)

    def no_room(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    count_in.keep()
    assert "the reach of Ana is not kept: " in capsys.readouterr().err

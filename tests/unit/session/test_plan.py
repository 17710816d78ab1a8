"""A session as decided beforehand: everything that was asked for is checked, and what follows from it is right."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_py.archive.players import Players
from firmware_py.config import CameraSettings, Config, PathSettings, PlaySettings, SoundSettings
from firmware_py.errors import UsageError
from firmware_py.music.passage import WHOLE, Passage, passage
from firmware_py.music.reach import Reach
from firmware_py.music.songs_library import SHIPPED, load_song
from firmware_py.session.plan import FREE_GHOST_S, SessionPlan, plan_session
from firmware_py.session.song_plan import TAIL_S

SONG = load_song("twinkle")


def _planned(state: Path, camera: str = "ghost", audio: str = "offline", **play: Any) -> SessionPlan:
    return plan_session(
        Config(
            paths=PathSettings(state=str(state)),
            camera=CameraSettings(source=camera),
            sound=SoundSettings(audio=audio),
            play=PlaySettings(**{"song": "twinkle", **play}),
        ),
        "lanes",
    )


def test_a_song_begins_after_its_count_in_and_ends_with_a_tail(tmp_path: Path) -> None:
    plan = _planned(tmp_path, count_in_bars=2)
    assert plan.record.song_start_s == pytest.approx(SONG.seconds(2 * SONG.bar_beats))
    assert plan.song_end_s == pytest.approx(plan.record.song_start_s + SONG.seconds(SONG.end) + TAIL_S)
    assert Path(plan.sound.backing).is_file()


def test_tempo_and_transposition_reach_the_song_the_record_and_the_ghost(tmp_path: Path) -> None:
    plan = _planned(tmp_path, tempo_percent=150.0, transpose=-5)
    assert plan.record.tempo_bpm == pytest.approx(1.5 * SONG.tempo_bpm)
    assert plan.record.transpose == -5
    assert plan.sight.ghost is not None
    assert plan.sight.ghost.melody[0].pitch == SONG.melody[0].midi - 5
    assert plan.record.mapping.low < plan.sight.ghost.melody[0].pitch < plan.record.mapping.high


def test_a_passage_reaches_song_ghost_and_record_and_is_played_where_the_whole_song_would_be(tmp_path: Path) -> None:
    plan = _planned(tmp_path, from_bar=3, loop=2, tempo_percent=50.0, tempo_step=10.0)
    assert plan.record.passage == Passage(3, SONG.bars, 2, rise=0.2)
    assert plan.song == passage(SONG, plan.record.passage).at_tempo(SONG.tempo_bpm / 2)
    assert plan.sight.ghost is not None
    assert len(plan.sight.ghost.melody) == len(plan.song.melody)
    assert plan.record.mapping == _planned(tmp_path).record.mapping
    assert plan.song_end_s == pytest.approx(plan.record.song_start_s + plan.song.seconds(plan.song.end) + TAIL_S)


def test_free_play_has_no_passage(tmp_path: Path) -> None:
    assert _planned(tmp_path, song="free", tempo_step=10.0).record.passage == WHOLE
    with pytest.raises(UsageError, match="free play has no bars"):
        _planned(tmp_path, song="free", from_bar=2)


def test_free_play_has_no_song_no_backing_and_no_end_of_its_own(tmp_path: Path) -> None:
    plan = _planned(tmp_path, song="free", transpose=3)
    assert (plan.song, plan.sound.backing, plan.record.song_start_s, plan.record.transpose) == (None, "", 0.0, 0)
    assert plan.song_end_s == float("inf")
    assert plan.sight.ghost is not None
    assert plan.sight.ghost.seconds == FREE_GHOST_S


@pytest.mark.parametrize(
    ("camera", "audio", "realtime"),
    [("ghost", "offline", False), ("ghost", "paced", True), ("v4l2", "offline", True), ("auto", "auto", True)],
)
def test_only_a_scripted_camera_and_an_offline_sound_go_faster_than_time(
    tmp_path: Path, camera: str, audio: str, realtime: bool
) -> None:
    plan = _planned(tmp_path, camera, audio, song="free")
    assert (plan.realtime, plan.sight.realtime, plan.sight.synchronous) == (realtime, realtime, not realtime)


def test_players_and_seconds_reach_both_processes(tmp_path: Path) -> None:
    plan = _planned(tmp_path, players=2, seconds=7.0)
    assert (plan.sight.hands, plan.sound.voices, plan.seconds) == (2, 2, 7.0)
    assert plan.sight.ghost is not None
    assert plan.sight.ghost.seconds == 7.0


def test_a_song_file_is_remembered_by_its_whole_path_and_found_again_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_bytes((SHIPPED / "twinkle.toml").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert _planned(tmp_path, song="mine.toml").record.song == str(tmp_path / "mine.toml")


def test_a_patch_of_ones_own_is_found_in_the_state_folder_and_then_in_the_configuration_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, system = tmp_path / "state", tmp_path / "etc"
    monkeypatch.setattr("firmware_py.session.plan.SYSTEM_FILE", system / "config.toml")
    config = Config(paths=PathSettings(state=str(state)), sound=SoundSettings(audio="offline", patch="mine"))
    for folder in (system / "patches", state / "patches"):  # each stands before what was there
        folder.mkdir(parents=True)
        (folder / "mine.toml").write_text("level_db = -20.0\n")
        assert plan_session(config, "lanes").sound.patch_folder == str(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"camera": CameraSettings(source="webcam")},
        {"sound": SoundSettings(audio="tape")},
        {"sound": SoundSettings(patch="trumpet-of-doom")},
        {"play": PlaySettings(song="odd-to-joy")},
        {"play": PlaySettings(area_far=0.3, area_near=0.2)},
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        plan_session(replace(Config(paths=PathSettings(state=str(tmp_path / "state"))), **changed), "lanes")
    assert not (tmp_path / "state").exists()


def test_a_player_who_is_known_plays_with_a_reach_and_a_hand_of_their_own(tmp_path: Path) -> None:
    Players(tmp_path).keep("Ana", reach=Reach(0.03, 0.09), hand="left")
    plan = _planned(tmp_path, player="ana", song="free")
    assert (plan.record.mapping.area_far, plan.record.mapping.area_near) == (0.03, 0.09)
    assert plan.sound.mapping == plan.record.mapping
    assert (plan.record.reach_how, plan.sight.prefer) == ("kept of the player", "left")
    stranger = _planned(tmp_path, player="Bo", song="free")
    assert (stranger.record.mapping.area_far, stranger.record.reach_how, stranger.sight.prefer) == (0.02, "assumed", "")


def test_what_is_set_counts_for_more_than_what_is_kept_of_a_player(tmp_path: Path) -> None:
    Players(tmp_path).keep("Ana", reach=Reach(0.03, 0.09), hand="left")
    plan = _planned(tmp_path, player="Ana", area_far=0.01, area_near=0.4, hand="right", song="free")
    assert (plan.record.mapping.area_far, plan.record.mapping.area_near) == (0.01, 0.4)
    assert (plan.record.reach_how, plan.sight.prefer) == ("set", "right")
    assert _planned(tmp_path, player="Ana", players=2, song="free").sight.prefer == ""


def test_a_broken_list_of_players_is_said_and_stops_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "players.json").write_text("{")
    assert _planned(tmp_path, player="Ana", song="free").record.mapping.area_far == 0.02
    assert "players.json is no list of players" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fit", "camera", "audio", "player", "fitted"),
    [
        ("once", "v4l2", "auto", "Bo", True),  # a new player before a live camera
        ("once", "v4l2", "auto", "Ana", False),  # who is known already
        ("once", "v4l2", "auto", "", False),  # who gives no name would be asked each time
        ("once", "ghost", "paced", "Bo", False),  # a script does not do as it is asked
        ("count-in", "v4l2", "auto", "Ana", True),
        ("count-in", "ghost", "paced", "", True),
        ("count-in", "ghost", "offline", "", False),  # as fast as it goes, there is no time to be told anything
        ("off", "v4l2", "auto", "Bo", False),
    ],
)
def test_the_reach_is_found_before_the_song_where_it_is_wanted_and_can_be(
    tmp_path: Path, fit: str, camera: str, audio: str, player: str, fitted: bool
) -> None:
    Players(tmp_path).keep("Ana", reach=Reach(0.03, 0.09))
    plan = _planned(tmp_path, camera, audio, player=player, fit_reach=fit, count_in_bars=0)
    bar_s = SONG.seconds(SONG.bar_beats)
    assert (plan.reach_stage is not None) == fitted
    if plan.reach_stage:
        assert plan.record.song_start_s == pytest.approx(plan.reach_stage.near_until_s + bar_s)
        assert plan.sight.ghost is not None
        assert [hold.share for hold in plan.sight.ghost.holds] == [0.0, 1.0]
        assert plan.song_end_s == pytest.approx(plan.record.song_start_s + SONG.seconds(SONG.end) + TAIL_S)
    else:
        assert plan.record.song_start_s == 0.0


def test_free_play_can_begin_with_finding_the_reach_too_and_has_its_tones(tmp_path: Path) -> None:
    plan = _planned(tmp_path, "ghost", "paced", song="free", fit_reach="count-in")
    assert plan.reach_stage
    assert plan.record.song_start_s > plan.reach_stage.near_until_s
    stems = np.load(plan.sound.backing)
    clicks = stems[:, 2].astype(int)
    assert np.abs(clicks[: round(plan.reach_stage.near_until_s * 48_000)]).max() > 3000
    assert not clicks[round((plan.reach_stage.near_until_s + 1) * 48_000) :].any()


def test_areas_that_are_set_are_not_looked_for(tmp_path: Path) -> None:
    plan = _planned(tmp_path, "v4l2", "auto", fit_reach="count-in", song="free", area_far=0.01, area_near=0.1)
    assert plan.reach_stage is None


def test_the_letters_address_and_language_are_decided_with_the_session(tmp_path: Path) -> None:
    Players(tmp_path).keep("Ana", address="ana@example.org", language="es")
    record = _planned(tmp_path, player="ana", address=" bo@Bücher.example", language="de").record
    assert (record.player, record.address, record.language) == ("Ana", "bo@xn--bcher-kva.example", "es")
    record = _planned(tmp_path, language="de").record
    assert (record.address, record.language) == ("", "de")


def test_an_address_that_is_none_is_refused_before_anybody_plays(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"play\.address: .* is not one mail address"):
        _planned(tmp_path / "state", address="a@example.org, b@example.org")
    assert not (tmp_path / "state").exists()

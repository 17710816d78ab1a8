"""What is rendered while nobody plays, and that a session then finds it."""

from dataclasses import replace
from pathlib import Path

import pytest

from firmware_py.archive.players import Players
from firmware_py.config import CameraSettings, Config, PathSettings, PlaySettings, SoundSettings
from firmware_py.music.reach import Reach
from firmware_py.session.backing_ahead import QUIET_S, BackingAhead
from firmware_py.session.plan import plan_session


class Clock:
    """Time that only a test lets pass."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def _config(state: Path, song: str = "twinkle", **play: object) -> Config:
    return Config(
        paths=PathSettings(state=str(state)),
        camera=CameraSettings(source="ghost:plain=1"),
        sound=SoundSettings(audio="paced"),
        play=replace(PlaySettings(song=song), **play),
    )


def _cached(state: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (state / "cache").glob("*.npy")}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ahead(clock: Clock) -> BackingAhead:
    return BackingAhead(clock)


@pytest.mark.parametrize(
    "play",
    [
        {},
        {"tempo_percent": 80, "transpose": 2},
        {"from_bar": 3, "to_bar": 4},
        {"player": "Ana", "fit_reach": "count-in"},
    ],
)
def test_the_session_plays_what_was_rendered_and_renders_nothing(
    tmp_path: Path, ahead: BackingAhead, play: dict[str, object]
) -> None:
    config = _config(tmp_path, **play)
    ahead.render(config)
    rendered = _cached(tmp_path)
    assert len(rendered) == 1
    plan = plan_session(config, "none")
    assert Path(plan.sound.backing).name in rendered
    assert _cached(tmp_path) == rendered


def test_a_known_players_reach_counts_ahead_as_in_the_session(tmp_path: Path, ahead: BackingAhead) -> None:
    Players(tmp_path).keep("Ana", reach=Reach(0.02, 0.025))  # so narrow that the song is folded into it
    config = _config(tmp_path, "silent-night", player="Ana")
    ahead.render(config)
    ahead.render(replace(config, play=replace(config.play, player="")))
    assert len(_cached(tmp_path)) == 2, "the song was not folded, and this test says nothing"
    assert Path(plan_session(config, "none").sound.backing).name in _cached(tmp_path)


def test_it_waits_until_nobody_turns_through_the_songs_any_more(
    tmp_path: Path, ahead: BackingAhead, clock: Clock
) -> None:
    config = _config(tmp_path)
    assert not ahead.is_wanted(config)
    clock.now_s += QUIET_S
    assert ahead.is_wanted(config)
    ahead.pressed()
    assert not ahead.is_wanted(config)


def test_it_is_rendered_once_and_again_for_another_song_and_after_a_session(
    tmp_path: Path, ahead: BackingAhead, clock: Clock
) -> None:
    config = _config(tmp_path)
    clock.now_s += QUIET_S
    ahead.render(config)
    assert not ahead.is_wanted(config)
    assert ahead.is_wanted(_config(tmp_path, "frere-jacques"))
    ahead.played()
    clock.now_s += QUIET_S
    assert ahead.is_wanted(config), "the session may have found another reach"


def test_a_song_that_cannot_be_played_is_left_to_the_session_that_says_so(
    tmp_path: Path, ahead: BackingAhead, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    config = _config(tmp_path, "no-such-song")
    clock.now_s += QUIET_S
    ahead.render(config)
    assert not ahead.is_wanted(config), "and is not tried for ever"
    assert capsys.readouterr().err == ""


def test_free_play_has_nothing_to_render(tmp_path: Path, ahead: BackingAhead) -> None:
    ahead.render(_config(tmp_path, "free"))
    assert not _cached(tmp_path)

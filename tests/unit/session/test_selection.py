"""Turning through songs and patches at the panel."""

from dataclasses import replace

import pytest

from firmware_py.config import Config
from firmware_py.music.songs_library import FREE_PLAY, known_songs
from firmware_py.session.selection import Selection
from firmware_py.sound.patches import patch_files


def test_what_was_not_touched_is_the_configurations(config: Config) -> None:
    assert Selection(config).of(config) == config


def test_turning_comes_by_every_song_and_free_play_and_back_to_the_first(config: Config) -> None:
    selection = Selection(config)
    songs = [*known_songs(), FREE_PLAY]
    seen = [selection.turn_song(1) for _ in songs]
    assert sorted(seen) == sorted(songs)
    assert seen[-1] == config.play.song
    assert [selection.turn_song(-1) for _ in songs] == [*reversed(seen[:-1]), config.play.song]


def test_every_patch_is_come_by_and_counts_for_the_next_session(config: Config) -> None:
    selection = Selection(config)
    assert {selection.turn_patch(1) for _ in patch_files()} == set(patch_files())
    wanted = selection.turn_patch(1)
    assert selection.of(config).sound.patch == wanted


@pytest.mark.parametrize(("steps", "at"), [(1, 0), (-1, -1)])
def test_a_song_that_is_a_file_is_left_for_the_first_or_the_last(config: Config, steps: int, at: int) -> None:
    own = replace(config, play=replace(config.play, song="/home/me/song.toml"))
    assert Selection(own).turn_song(steps) == [*known_songs(), FREE_PLAY][at]

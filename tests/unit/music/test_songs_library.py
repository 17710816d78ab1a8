"""The songs by name: what ships, how they are found, and the mapping that fits a hand to them."""

from dataclasses import replace

import pytest

from firmware_py.config import PlaySettings
from firmware_py.errors import ConfigError, SongError
from firmware_py.music.pitch import CHROMATIC, parse_key, scale_mask
from firmware_py.music.song_file import format_song
from firmware_py.music.songs_library import as_played, bar_lines, known_songs, load_song, mapping_for, summary

ALL = known_songs()


def names(song, bars):
    return [line.melody for line in bar_lines(song) if line.number in bars]


def test_at_least_ten_songs_of_three_levels_ship():
    songs = [load_song(name) for name in ALL]
    assert len(songs) >= 10
    assert {s.level for s in songs} == {1, 2, 3}
    assert {"ode-to-joy", "twinkle", "amazing-grace", "frere-jacques"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_shipped_song_is_playable_credited_and_free(name):
    song = load_song(name)
    told = summary(song)
    assert 20 <= told.seconds <= 60
    assert song.year < 1900
    assert str(song.year) in song.free_because
    assert "unknown author" in song.free_because or "died in" in song.free_because
    assert 5 <= song.high - song.low <= 19
    assert song.low >= 48
    assert song.high <= 81
    assert min(n.duration for n in song.melody) * 60 / song.tempo_bpm >= 0.15  # what a hand can do
    assert all(b.onset >= a.end for a, b in zip(song.melody, song.melody[1:], strict=False))
    assert song.melody[-1].midi % 12 == song.parsed_key.tonic  # every one of these tunes ends at home
    assert song.parts
    key = scale_mask("minor" if song.parsed_key.minor else "major", song.parsed_key)
    foreign = {n.midi % 12 for n in song.melody if not key >> n.midi % 12 & 1}
    assert not foreign or (name == "greensleeves" and foreign == {6, 8})  # the melodic minor's two


def test_ode_to_joy_is_beethovens_sixteen_bars_with_the_dot_and_the_tie():
    song = load_song("ode-to-joy")
    assert names(song, {4}) == ["F#4:3/2 E4:1/2 E4:2"]
    assert names(song, {12, 13}) == ["D4 E4 A3 F#4~", "F#4 F#4 G4 A4"]
    assert names(song, {8}) == names(song, {16}) == ["E4:3/2 D4:1/2 D4:2"]
    assert (song.bars, song.key) == (16, "D major")
    assert 30 <= song.seconds(song.end) <= 40


def test_amazing_grace_begins_with_an_upbeat():
    lines = bar_lines(load_song("amazing-grace"))
    assert [(line.number, line.melody, line.chords) for line in lines[:2]] == [
        (0, "D4", ""),
        (1, "G4:2 B4:1/2 G4:1/2", "G"),
    ]


def test_an_unknown_song_names_the_known_ones_and_the_nearest():
    with pytest.raises(
        SongError, match=r"'ode-to-joi' is not known \(did you mean ode-to-joy\?\).*amazing-grace.*twinkle"
    ):
        load_song("ode-to-joi")


@pytest.mark.parametrize("name", ["", "..", "ODE", "con", "a" * 5000])
def test_odd_names_are_refused_as_unknown(name):
    with pytest.raises(SongError, match="is not known"):
        load_song(name)


def test_a_song_file_is_loaded_by_its_path_and_a_users_folder_comes_first(tmp_path):
    mine = replace(load_song("twinkle"), title="My own")
    (tmp_path / "twinkle.toml").write_text(format_song(mine), encoding="utf-8")
    assert load_song(tmp_path / "twinkle.toml").title == "My own"
    assert load_song(str(tmp_path / "twinkle.toml")).title == "My own"
    assert load_song("twinkle", [tmp_path]).title == "My own"
    assert load_song("twinkle").title != "My own"
    assert known_songs([tmp_path]) == ALL


def test_as_played_changes_tempo_and_pitch():
    song = as_played(load_song("twinkle"), tempo_percent=50, transpose=-2)
    assert (song.tempo_bpm, song.key, song.low) == (48.0, "Bb major", 58)


def test_the_mapping_spreads_the_reach_over_song_and_margin():
    song = load_song("ode-to-joy")
    mapping = mapping_for(song, PlaySettings(margin_semitones=2, quantise=50, glide_ms=40, height_to_loudness=20))
    assert (mapping.low, mapping.high) == (song.low - 2, song.high + 2)
    assert (mapping.quantise, mapping.glide_s, mapping.height_to_loudness) == (0.5, 0.04, 0.2)
    for note in song.melody:
        assert mapping.pitch_of(mapping.area_of(note.midi)) == pytest.approx(note.midi)


def test_the_mapping_carries_the_scale_that_was_asked_for():
    song = load_song("amazing-grace")
    assert mapping_for(song, PlaySettings(scale="song")).scale == song.own_scale
    assert song.own_scale == scale_mask("pentatonic", parse_key("G major"))
    assert mapping_for(song, PlaySettings(scale="major")).scale == scale_mask("major", parse_key("G major"))
    assert mapping_for(song, PlaySettings()).scale == CHROMATIC


def test_free_play_has_two_octaves_and_every_note():
    mapping = mapping_for(None, PlaySettings(scale="song"))
    assert (mapping.low, mapping.high, mapping.scale) == (57.0, 81.0, CHROMATIC)


def test_a_reach_that_is_none_and_an_unknown_scale_are_refused():
    with pytest.raises(ConfigError, match=r"area_far is 0.2 and play.area_near 0.2"):
        mapping_for(None, PlaySettings(area_far=0.2, area_near=0.2))
    with pytest.raises(ConfigError, match=r"'lydian'.*pentatonic"):
        mapping_for(None, PlaySettings(scale="lydian"))

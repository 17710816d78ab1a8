"""The marks of simulated players over every shipped song, and the rules that hold for any performance."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.music.curve import PitchCurve
from firmware_py.music.marks import marks_for_song, marks_of
from firmware_py.music.note import Note
from firmware_py.music.songs_library import known_songs, load_song
from tests.unit.music import players
from tests.unit.music.melodies import KINDS, melody_of
from tests.unit.music.players import PERFECT, RATE_HZ, Faults, play

START_S = 2.0
SEED = 20_260
ALL = known_songs()
MELODIES = {name: load_song(name).melody_at(START_S) for name in ALL}

TABLE = {
    "perfect": (lambda m, s: play(m, s), 98, 100),
    "100 ms late": (lambda m, s: play(m, s, Faults(late_s=0.100)), 95, 100),
    "250 ms late": (lambda m, s: play(m, s, Faults(late_s=0.250)), 0, 80),
    "30 cents sharp": (lambda m, s: play(m, s, Faults(cents=30)), 95, 100),
    "30 cents flat": (lambda m, s: play(m, s, Faults(cents=-30)), 95, 100),
    "60 cents sharp": (lambda m, s: play(m, s, Faults(cents=60)), 0, 60),
    "60 cents flat": (lambda m, s: play(m, s, Faults(cents=-60)), 0, 60),
    "a semitone sharp": (lambda m, s: play(m, s, Faults(cents=100)), 0, 5),
    "a semitone flat": (lambda m, s: play(m, s, Faults(cents=-100)), 0, 5),
    "an octave up": (lambda m, s: play(m, s, Faults(cents=1200)), 98, 100),
    "two octaves down": (lambda m, s: play(m, s, Faults(cents=-2400)), 98, 100),
    "random": (players.random_waving, 0, 3),
    "random, pulled to the scale": (lambda m, s: players.quantised(players.random_waving, m, s), 0, 3),
    "random in scale and rhythm": (players.random_in_scale_and_rhythm, 0, 8),
    "the first half": (players.first_half, 45, 55),
    "silence": (lambda m, _: players.silent(m), 0, 0),
}


def total(curve, melody, **more):
    return marks_of(curve, melody, played=(), **more).total


@pytest.mark.parametrize("player", TABLE)
def test_the_table_of_players_over_every_song(player):
    make, least, most = TABLE[player]
    for name, melody in MELODIES.items():
        for seed in range(SEED, SEED + 5):
            earned = total(make(melody, seed), melody)
            assert least <= earned <= most, f"{player} on {name}, seed {seed}: {earned:.1f}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_players_over_melodies_that_nobody_wrote(kind):
    for seed in (SEED, SEED + 1):
        melody = melody_of(kind, seed)
        for player, (make, least, most) in TABLE.items():
            earned = total(make(melody, seed), melody)
            assert least <= earned <= most, f"{player} on {kind}, seed {seed}: {earned:.1f}"
        pitches = np.arange(min(n.pitch for n in melody) - 1, max(n.pitch for n in melody) + 1, 0.5)
        assert max(total(players.held(melody, p), melody) for p in pitches) <= 2, f"held on {kind}, seed {seed}"
        other = melody_of(kind, seed + 2)
        assert total(play(other, seed), melody) <= 5, f"another tune on {kind}, seed {seed}"


@pytest.mark.parametrize("name", ALL)
def test_no_held_note_earns_anything_not_even_between_two_pitches_or_in_another_octave(name):
    melody = MELODIES[name]
    low, high = min(n.pitch for n in melody), max(n.pitch for n in melody)
    best = max(total(players.held(melody, p), melody) for p in np.arange(low - 2, high + 2, 0.2))
    assert best <= 2
    assert total(players.held(melody, low + 12), melody) <= 2


@pytest.mark.parametrize("name", ALL)
def test_another_tune_earns_nothing(name):
    for other, melody in MELODIES.items():
        if other != name:
            assert total(play(melody, SEED), MELODIES[name]) <= 5, other


def test_of_two_hundred_players_of_every_skill_the_better_ones_get_the_better_marks_and_points():
    clumsy = np.arange(200) / 199  # 0: at home in the song, 1: hardly
    marks, points = [], []
    for n, poor in enumerate(clumsy.tolist()):
        faults = Faults(
            onset_jitter_s=0.01 + 0.12 * poor,
            cents_jitter=6 + 60 * poor,
            tremble_cents=4 + 20 * poor,
            missed=0.25 * poor,
            wrong=0.35 * poor,
        )
        song = load_song(ALL[n % len(ALL)])
        found = marks_for_song(play(song.melody_at(START_S), SEED + n, faults), song, START_S, played=())
        marks.append(found.total)
        points.append(found.ultrastar.total)
    print(f"seeds {SEED} to {SEED + 199}")
    for earned in (marks, points):
        ranks = np.argsort(np.argsort(earned))
        assert np.corrcoef(ranks, -clumsy)[0, 1] >= 0.93
        tenths = np.asarray(earned).reshape(10, 20).mean(axis=1)
        assert (np.diff(tenths) < 0).all(), tenths


def test_the_lag_of_the_performance_is_found_and_charged_by_the_formula():
    melody = MELODIES["ode-to-joy"]
    for late_s in (-0.2, -0.05, 0.0, 0.1, 0.2, 0.35):
        marks = marks_of(play(melody, SEED, Faults(late_s=late_s)), melody)
        assert marks.lag_s == pytest.approx(late_s, abs=0.025)
        outside = max(0.0, marks.lag_s - 0.150, -0.060 - marks.lag_s)
        assert marks.late_cost == pytest.approx(100 * 2.5 * outside, abs=2.0)


@pytest.mark.parametrize("late_s", [0.0, 0.25, 0.30])
def test_the_machines_own_delay_is_not_charged_whether_the_player_moves_ahead_of_it_or_not(late_s):
    melody = MELODIES["ode-to-joy"]
    marks = marks_of(play(melody, SEED, Faults(late_s=late_s)), melody, delay_s=0.25)
    assert marks.total >= 98
    assert marks.lag_s == marks.forgiven_s == pytest.approx(late_s, abs=0.025)
    assert {m.verdict.value for m in marks.notes} == {"right"}


def test_a_usual_delay_leaves_no_room_for_more():
    melody = MELODIES["ode-to-joy"]
    assert total(play(melody, SEED, Faults(late_s=0.25)), melody, delay_s=0.06) <= 80


def test_free_play_has_no_marks():
    assert marks_for_song(play(MELODIES["twinkle"], 1), None, 0.0) is None
    with pytest.raises(ValueError, match="at least one"):
        marks_of(play(MELODIES["twinkle"], 1), ())


def test_sounding_on_through_the_rests_costs_up_to_ten():
    melody = [Note(n * 1.6, 0.8, 60.0 + 2 * (n % 4)) for n in range(12)]
    good = play(melody, SEED)
    on = good.pitch.copy()
    for n in range(1, len(on)):
        if np.isnan(on[n]):
            on[n] = on[n - 1]
    sounding = PitchCurve(RATE_HZ, on, on, np.full(len(on), 0.7, np.float32))
    assert total(good, melody) >= 98
    marks = marks_of(sounding, melody)
    assert 8 <= marks.rest_cost <= 10
    assert marks.total == pytest.approx(total(good, melody) - marks.rest_cost, abs=1.5)


@pytest.mark.parametrize("gap_s", [0.0, 0.110, 0.150])
def test_leaving_a_note_before_it_is_repeated_costs_nothing(gap_s):
    for melody in MELODIES.values():
        assert total(play(melody, SEED, replace(PERFECT, gap_s=gap_s)), melody) >= 98


def test_a_song_on_one_note_can_be_played_and_one_of_a_single_note_too():
    drone = [Note(n * 0.5, 0.5, 64.0) for n in range(16)]
    assert total(play(drone, SEED), drone) >= 98
    assert total(play(drone, SEED, Faults(cents=200)), drone) == 0
    assert total(play(drone[:1], SEED), drone[:1]) >= 98


@pytest.mark.parametrize("odd", [(), (7, 15), (11,)])
@pytest.mark.parametrize("length_s", [0.3, 0.8])
def test_a_song_almost_on_one_note_must_be_struck_and_not_held(odd, length_s):
    melody = [Note(2 + n * length_s, length_s, 62.0 if n % 16 in odd else 60.0) for n in range(48)]
    expected = {"perfect", "100 ms late", "250 ms late", "a semitone sharp", "an octave up", "random", "the first half"}
    for player in expected:
        make, least, most = TABLE[player]
        assert least <= total(make(melody, SEED), melody) <= most, player
    assert max(total(players.held(melody, p), melody) for p in (59.5, 60.0, 61.0, 62.0)) <= 2


def test_luck_in_a_short_song_of_few_notes_is_worth_little():
    melody = [Note(2 + n, 1.0, 60.0 + 3 * (n % 3)) for n in range(12)]
    earned = [total(players.random_in_scale_and_rhythm(melody, seed), melody) for seed in range(SEED, SEED + 60)]
    assert sum(e > 8 for e in earned) <= 3, f"seeds {SEED} to {SEED + 59}: {sorted(earned)[-5:]}"
    assert total(play(melody, SEED), melody) >= 98


def test_notes_too_short_for_every_free_part_still_count():
    fast = [Note(n * 0.06, 0.06, 60.0 + n % 5) for n in range(64)]
    assert total(players.silent(fast), fast) == 0
    assert total(play(fast, SEED, Faults(glide_s=(0.001, 0.002), onset_jitter_s=0.0, gap_s=0.0)), fast) >= 95


def shifted(curve, frames):
    def moved(line, fill):
        return np.concatenate([np.full(frames, fill, np.float32), line])

    return PitchCurve(
        curve.rate_hz, moved(curve.pitch, np.nan), moved(curve.hand_pitch, np.nan), moved(curve.loudness, 0)
    )


FAULTS = st.builds(
    Faults,
    late_s=st.floats(-0.3, 0.4),
    onset_jitter_s=st.floats(0, 0.15),
    cents=st.floats(-80, 80),
    cents_jitter=st.floats(0, 50),
    missed=st.floats(0, 0.7),
    wrong=st.floats(0, 0.7),
    tempo=st.floats(0.95, 1.05),
)


@given(st.sampled_from(ALL), st.integers(0, 2**32), FAULTS)
@settings(max_examples=25, deadline=None)
def test_marks_lie_between_0_and_100_and_so_do_all_their_parts(name, seed, faults):
    marks = marks_for_song(play(MELODIES[name], seed, faults), load_song(name), START_S)
    assert 0 <= marks.total <= 100
    assert 0 <= marks.ultrastar.total <= 10_000
    assert 0 <= marks.rest_cost <= 10
    assert all(0 <= n.credit <= 1 for n in marks.notes)
    assert all(0 <= b.credit <= 1 for b in marks.bars)
    assert len(marks.notes) == len(MELODIES[name])
    assert sum(b.notes for b in marks.bars) == len(marks.notes)


@given(st.sampled_from(ALL), st.integers(0, 2**32), FAULTS, st.integers(0, 4000))
@settings(max_examples=15, deadline=None)
def test_marks_do_not_depend_on_when_the_song_began(name, seed, faults, frames):
    melody = MELODIES[name]
    curve = play(melody, seed, faults)
    later = [replace(n, onset_s=n.onset_s + frames / RATE_HZ) for n in melody]
    assert total(shifted(curve, frames), later) == pytest.approx(total(curve, melody), abs=0.01)


@given(st.sampled_from(ALL), st.integers(0, 2**32), FAULTS, st.sampled_from([-3, -2, -1, 1, 2, 3]))
@settings(max_examples=15, deadline=None)
def test_marks_do_not_depend_on_the_octave_of_the_whole_performance(name, seed, faults, octaves):
    melody = MELODIES[name]
    curve = play(melody, seed, faults)
    up = replace(curve, pitch=curve.pitch + np.float32(12 * octaves))
    assert total(up, melody) == pytest.approx(total(curve, melody), abs=0.05)  # float32 rounds the pitch anew


@given(st.sampled_from(ALL), st.integers(0, 2**32), st.floats(0, 100), st.floats(0, 100), st.sampled_from([-1, 1]))
@settings(max_examples=15, deadline=None)
def test_worse_tuning_never_earns_more(name, seed, one, other, direction):
    melody = MELODIES[name]
    curve = play(melody, seed, Faults(cents_jitter=0, tremble_cents=0))
    better, worse = (replace(curve, pitch=curve.pitch + np.float32(direction * c / 100)) for c in sorted((one, other)))
    assert total(worse, melody) <= total(better, melody) + 0.05


@given(st.integers(0, 2**32), FAULTS)
@settings(max_examples=10, deadline=None)
def test_the_same_performance_gets_the_same_marks_again(seed, faults):
    curve = play(MELODIES["twinkle"], seed, faults)
    song = load_song("twinkle")
    first, second = (marks_for_song(curve, song, START_S) for _ in range(2))
    assert repr(first) == repr(second)

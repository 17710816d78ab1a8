"""Standard MIDI files from anywhere: what is melody, bars and tempo, and what is refused at which place."""

import random

import mido
import pytest

from firmware_py.errors import SongError
from firmware_py.music.bars import MetreChange
from firmware_py.music.importing.reading import read_foreign
from firmware_py.music.song import ScoreNote
from firmware_py.music.song_midi import song_midi
from firmware_py.music.songs_library import load_song
from firmware_py.music.tempo_map import TempoChange
from tests.unit.music.foreign_files import F, midi, played

META = mido.MetaMessage
STRUCK = mido.Message("note_on", note=60)
TUNE = played((0, 1, 67), (1, 1, 69), (2, 1, 71), (3, 1, 72), (4, 4, 67))
LOW = played((0, 2, 40), (2, 2, 43), (4, 4, 40), channel=1)
CHORDS = played(*((n, 1, key) for n in range(8) for key in (60, 76, 79)), channel=2)


def named(name, events):
    return [(0, META("track_name", name=name)), *events]


def line(song):
    return [(n.onset, n.duration, n.midi) for n in song.melody]


def test_a_track_called_melody_is_the_melody_though_others_are_higher(read):
    found = read(midi(named("Strings", CHORDS), named("Lead Vocal", TUNE), named("Bass", LOW)))
    assert found.melody_voice == 1
    assert [p.name for p in found.song.parts] == ["Strings", "Bass"]
    assert "because of its name" in found.remarks[0]


def test_without_a_telling_name_the_highest_single_line_is_the_melody(read):
    assert read(midi(named("a", CHORDS), named("b", LOW), named("c", TUNE))).melody_voice == 2


def test_where_all_play_chords_the_top_notes_are_the_melody(read):
    found = read(midi(CHORDS))
    assert {n.midi for n in found.song.melody} == {79}
    assert any("16 lower ones are left out" in remark for remark in found.remarks)


@pytest.mark.parametrize("track", ["3", "bass", "Bass"])
def test_the_track_that_is_asked_for_is_taken_by_number_or_name(read, track):
    found = read(midi(named("a", CHORDS), named("melody", TUNE), named("Bass line", LOW)), track=track)
    assert found.melody_voice == 2
    assert found.song.high == 43


@pytest.mark.parametrize(
    ("track", "says"),
    [
        ("9", "no track '9'; name one by --track: 1: a"),
        ("b", "several tracks are called 'b'"),
        ("kit", "track 4 .* is percussion"),
    ],
)
def test_a_track_that_is_not_there_is_refused_with_those_that_are(read, track, says):
    kit = named("kit", played((0, 1, 36), channel=9))
    with pytest.raises(SongError, match=says):
        read(midi(named("a", TUNE), named("b one", LOW), named("b two", CHORDS), kit), track=track)


def test_format_0_is_parted_by_channel(read):
    found = read(midi([*TUNE, *LOW], kind=0))
    assert [v.name for v in found.voices] == ["Track 1, channel 1", "Track 1, channel 2"]
    assert found.song.low == 67


def test_tempo_and_metre_change_where_the_file_says(read):
    conductor = [
        (0, META("set_tempo", tempo=500_000)),
        (0, META("time_signature", numerator=3, denominator=4)),
        (3 * 480, META("time_signature", numerator=2, denominator=4)),
        (5 * 480, META("set_tempo", tempo=1_000_000)),
    ]
    song = read(midi(conductor, played(*((n, 1, 60 + n) for n in range(9))))).song
    assert (song.tempo_bpm, song.tempos) == (120.0, (TempoChange(F(5), 60.0),))
    assert (song.beats_per_bar, song.metres) == (3, (MetreChange(F(3), 2, 4),))
    assert song.seconds(7) == pytest.approx(2.5 + 2.0)
    assert (song.bars, song.bar_number(F(5))) == (4, 3)


def test_a_ritardando_of_many_steps_takes_the_time_it_took(read):
    steps = [(round((4 + n / 16) * 480), META("set_tempo", tempo=500_000 + 20_000 * n)) for n in range(16)]
    song = read(midi([(0, META("set_tempo", tempo=500_000)), *steps], TUNE)).song
    assert len(song.tempos) <= 2
    took = sum(0.5 + 0.02 * n for n in range(16)) / 16
    assert song.seconds(5) == pytest.approx(2.0 + took, abs=0.002)


def test_a_short_first_bar_is_an_upbeat(read):
    signs = [
        (0, META("time_signature", numerator=1, denominator=4)),
        (480, META("time_signature", numerator=3, denominator=4)),
    ]
    song = read(midi(signs, played((0, 1, 67), (1, 2, 72), (3, 1, 76), (4, 3, 72)))).song
    assert (song.pickup, song.beats_per_bar, song.bars) == (1, 3, 3)
    assert line(song) == [(2, 1, 67), (3, 2, 72), (5, 1, 76), (6, 3, 72)]


def test_a_first_note_late_in_the_first_bar_is_an_upbeat(read):
    assert read(midi(played((3, 1, 67), (4, 4, 72)))).song.pickup == 1


def test_shortened_notes_of_a_score_are_written_whole(read):
    song = read(midi(played(*((n, 0.9, 60 + n) for n in range(7)), (7, 0.45, 60), (7.5, 0.5, 72)))).song
    assert line(song)[:2] == [(0, 1, 60), (1, 1, 61)]
    assert line(song)[7] == (7, F(1, 2), 60)


def test_triplets_and_sixteenths_are_kept(read):
    song = read(
        midi(played((0, 1 / 3, 60), (1 / 3, 1 / 3, 62), (2 / 3, 1 / 3, 64), (1, 0.25, 65), (1.25, 0.75, 67)))
    ).song
    assert line(song) == [
        (0, F(1, 3), 60),
        (F(1, 3), F(1, 3), 62),
        (F(2, 3), F(1, 3), 64),
        (1, F(1, 4), 65),
        (F(5, 4), F(3, 4), 67),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_tune_played_by_hand_is_written_as_it_was_meant(read, seed):
    rng = random.Random(seed)
    tune = load_song("ode-to-joy").melody
    by_hand = [(n.onset + rng.gauss(0, 0.03) + 1, n.duration * F(9, 10), n.midi) for n in tune]
    found = read(midi(played(*by_hand)))
    assert [(n.onset - 1, n.midi) for n in found.song.melody] == [(n.onset, n.midi) for n in tune]
    assert any("played freely" in remark for remark in found.remarks)


def test_a_key_that_files_say_who_do_not_know_is_found_from_the_notes(read):
    scale = played(*((n, 1, 63 + step) for n, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))))
    assert read(midi([(0, META("key_signature", key="C"))], scale)).song.key == "Eb major"
    assert read(midi([(0, META("key_signature", key="Bbm"))], TUNE)).song.key == "Bb minor"


def test_velocity_and_volume_are_kept_for_the_backing(read):
    low = [(0, mido.Message("control_change", channel=1, control=7, value=50)), *LOW]
    assert {n.velocity for n in read(midi(named("melody", TUNE), low)).song.parts[0].notes} == {45}


def test_a_note_that_never_ends_ends_with_its_track(read):
    found = read(
        midi([*TUNE, (9 * 480, mido.Message("note_on", note=60, velocity=9)), (10 * 480, META("end_of_track"))])
    )
    assert line(found.song)[-1] == (9, 1, 60)
    assert any("1 notes were never ended" in remark for remark in found.remarks)


def test_a_melody_wider_than_the_reach_is_remarked_upon(read):
    found = read(midi(played((0, 1, 40), (1, 1, 80), (2, 2, 60))))
    assert any("40 semitones" in remark and "reach" in remark for remark in found.remarks)


GOOD = song_midi(load_song("twinkle"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (midi([]), "there is no note"),
        (midi(named("kit", played((0, 1, 36), channel=9))), "only percussion"),
        (GOOD[:9] + b"\x02" + GOOD[10:], "format 2"),
        (GOOD[:9] + b"\x07" + GOOD[10:], "format 7"),
        (GOOD[:12] + b"\xe7\x28" + GOOD[14:], "SMPTE"),
        (GOOD[:12] + b"\0\0" + GOOD[14:], "0 ticks"),
        (GOOD[:10], "ends in its header"),
        (GOOD[:-40], r"ends in the middle of track 5"),
        (b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk\0\0\0\x03\0\x40\x40", r"track 1, byte 24: running status"),
        (GOOD.replace(b"\xff\x51\x03\x09\x89\x68", b"\xff\x51\x03\0\0\0"), "the tempo is 0 microseconds"),
        (midi(TUNE, played((36_000 * 2, 1, 60))), r"lasts 10\.0 hours; a song lasts at most 10 minutes"),
        (GOOD + bytes(1_000_001), r"1\.0 MB is more than a song has"),
        (GOOD[:22] + b"\xff" * 5000, "no MIDI"),
        (midi(played(*((n / 200, 0.005, 60) for n in range(41_000)), ticks=200), ticks=200), "more than 40000 notes"),
        (midi([(n, META("set_tempo", tempo=500_000)) for n in range(20_001)], TUNE), "more than 20000 times"),
    ],
    ids=range(15),
)
def test_what_cannot_be_a_song_is_refused_at_its_place(read, content, says):
    with pytest.raises(SongError, match=says) as refused:
        read(content, "strange.mid")
    assert str(refused.value).startswith("strange.mid")


def test_a_hundred_megabytes_are_refused_unread(tmp_path):
    path = tmp_path / "huge.mid"
    with path.open("wb") as file:
        file.write(b"MThd")
        file.truncate(100_000_000)
    with pytest.raises(SongError, match="larger than 20 MB"):
        read_foreign(path)


def test_a_midi_file_in_a_riff_wrapping_is_read(read):
    wrapped = b"RIFF" + (len(GOOD) + 12).to_bytes(4, "little") + b"RMIDdata" + len(GOOD).to_bytes(4, "little") + GOOD
    assert read(wrapped).song.melody == tuple(
        ScoreNote(n.onset, n.duration, n.midi) for n in load_song("twinkle").melody
    )


def test_a_note_struck_again_before_it_ended_lasts_until_its_own_end(read):
    late = [(on, STRUCK.copy(velocity=v)) for on, v in ((0, 90), (480, 90), (576, 0), (960, 90), (1056, 0), (1536, 0))]
    assert line(read(midi(late)).song) == [(0, 1, 60), (1, 1, 60), (2, 1, 60)]


def test_a_note_begun_twice_and_ended_once_ends_there(read):
    twice = [(on, STRUCK.copy(velocity=v)) for on, v in ((0, 90), (480, 90), (960, 0), (1920, 90), (2400, 0))]
    assert line(read(midi(twice)).song) == [(0, 1, 60), (1, 1, 60), (4, 1, 60)]

"""Song files: read against the metre, refused with their place, written and read again."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.errors import SongError
from firmware_py.music.arranging import STYLES, arrange
from firmware_py.music.chords import QUALITIES
from firmware_py.music.pitch import parse_key
from firmware_py.music.song import ScoreChord, ScoreNote, Song
from firmware_py.music.song_file import format_song, parse_song, read_song
from firmware_py.music.songs_library import known_songs, load_song

HEAD = """title = "T"
composer = "C"
year = 1800
free_because = "f"
level = 1
tempo_bpm = 100
metre = "4/4"
key = "C major"
"""


def song_of(*lines: str, without: str = "") -> Song:
    head = "".join(line + "\n" for line in HEAD.splitlines() if not without or not line.startswith(without))
    return parse_song(head + "\n".join(lines), "a-song", "a-song.toml")


def test_lengths_ties_and_rests():
    song = song_of('melody = "C4 D4:1/2 E4:1.5 R | F4:4~ | F4:1 -:3"')
    assert [(n.onset, n.duration, n.midi) for n in song.melody] == [
        (0, 1, 60),
        (1, Fraction(1, 2), 62),
        (Fraction(3, 2), Fraction(3, 2), 64),
        (4, 5, 65),
    ]
    assert song.bars == 3
    assert (song.parts, song.backing) == ((), "none")


def test_chords_share_their_bar_or_say_their_length_and_repeat():
    song = song_of('melody = "C4:4 | D4:4 | E4:4"', 'chords = "C G7 | F:3 G:1 | % N"')
    assert [(c.onset, c.duration, c.symbol) for c in song.chords] == [
        (0, 2, "C"),
        (2, 2, "G7"),
        (4, 3, "F"),
        (7, 1, "G"),
        (8, 2, "G"),
    ]


def test_a_bar_that_overflows_names_file_line_bar_and_token():
    with pytest.raises(SongError) as refused:
        song_of('melody = """', "C4 D4 E4 F4 |", "G4 A4 B4:3 |", 'C5:4"""')
    assert str(refused.value) == (
        "a-song.toml, line 11: melody, bar 2, token 3 (B4:3): "
        "here the bar holds 5 quarter notes, but the metre gives it 4 quarter notes"
    )


def test_a_bar_that_falls_short_names_its_last_token():
    with pytest.raises(
        SongError, match=r"line 9: melody, bar 1, token 3 \(E4\).*ends with 3 quarter notes.*gives it 4"
    ):
        song_of('melody = "C4 D4 E4 | C4:4"')


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (['melody = "C4 D4 H4 F4"'], r"line 9: melody, bar 1, token 3 \(H4\): 'H4' is no note.*rest"),
        (['melody = "C4 D4:x E4 F4"'], r"token 2 \(D4:x\): 'x' is no length"),
        (['melody = "C4 D4:1/0 E4 F4"'], r"'1/0' is no length"),
        (['melody = "C4:0 D4 E4 F4"'], r"'0' is no length"),
        (['melody = "C4 D4 E4~ F4"'], r"token 3 \(E4~\): it is tied to 'F4'"),
        (['melody = "C4 D4 E4 F4~"'], "tied to nothing"),
        (['melody = "C4 D4 E4~ R"'], "a rest cannot be tied"),
        (['melody = "R:4"'], "no note"),
        (['melody = "| C4:4"'], "bar 1 is empty"),
        (['melody = "C4:4 | | C4:4"'], "bar 2 is empty"),
        (['melody = ""'], "some text"),
        (["melody = 3"], "some text"),
        (['melody = "C4:4"', 'chords = "C | G"'], r"line 10: chords: 2 bars, but the melody has 1"),
        (['melody = "C4:4"', 'chords = "C:5"'], r"chords, bar 1, token 1 \(C:5\): here the bar holds 5"),
        (['melody = "C4:4"', 'chords = "C:3"'], "here the bar ends with 3"),
        (['melody = "C4:4"', 'chords = "X"'], "'X' is no chord"),
        (['melody = "C4:4"', 'chords = "C~"'], "cannot be tied"),
        (['melody = "C4:4"', 'backing = "punk"'], r"line 10: backing is 'punk'.*band"),
        (['melody = "C4:4"', "pickup = 4"], r"line 10: pickup is 4.*0…4"),
        (['melody = "C4:4"', 'pickup = "1/0"'], "pickup is '1/0'"),
        (['melody = "C4 | C4:4"', "pickup = 2"], r"melody, upbeat, token 1 \(C4\): .*the upbeat gives it 2"),
        (['melody = "C4:4"', "colour = 1"], r"line 10: colour is not known.*title, composer"),
        (['melody = "C4:4"', "[part]", "a = 1"], r"line 10: part is not known"),
    ],
)
def test_a_slip_is_refused_at_its_place_with_what_is_allowed(lines, says):
    with pytest.raises(SongError, match=says):
        song_of(*lines)


@pytest.mark.parametrize(
    ("without", "instead", "says"),
    [
        ("title", "", "title is missing"),
        ("year", "year = 18.5", r"year is 18.5; it takes a whole number, 1…2999"),
        ("year", "year = true", "year is True"),
        ("level", "level = 4", r"level is 4.*1…3"),
        ("tempo_bpm", "tempo_bpm = 0", r"tempo_bpm is 0.*10…400"),
        ("tempo_bpm", "tempo_bpm = nan", "tempo_bpm is nan"),
        ("metre", 'metre = "4"', r"metre is '4'.*3/4"),
        ("metre", 'metre = "0/4"', "metre is '0/4'"),
        ("metre", 'metre = "4/3"', "metre is '4/3'"),
        ("key", 'key = "H dur"', "'H dur' is no key"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(without, instead, says):
    with pytest.raises(SongError, match=says):
        song_of('melody = "C4:4"', instead, without=without)


def test_what_is_no_toml_and_what_cannot_be_read_is_a_song_error(tmp_path):
    with pytest.raises(SongError, match="not TOML"):
        parse_song("title = ", "x")
    with pytest.raises(SongError, match="cannot be read"):
        read_song(tmp_path / "missing.toml")
    with pytest.raises(SongError, match="cannot be read"):
        read_song(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'title = "Fr\xe8re"')
    with pytest.raises(SongError, match="not UTF-8"):
        read_song(latin)
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * 1_000_001)
    with pytest.raises(SongError, match="larger than"):
        read_song(huge)


def test_a_file_from_another_system_with_bom_and_crlf_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + 'melody = "C4:4"\n').replace("\n", "\r\n").encode())
    assert read_song(path).name == "mine"


@pytest.mark.parametrize("name", known_songs())
def test_a_shipped_song_written_and_read_again_is_the_same(name):
    song = load_song(name)
    assert parse_song(format_song(song), name) == song


metres = st.sampled_from([(4, 4), (3, 4), (2, 4), (6, 8), (5, 4), (12, 8), (2, 2), (7, 8), (3, 16)])
lengths = st.builds(Fraction, st.integers(1, 12), st.sampled_from([1, 2, 3, 4, 8]))
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@st.composite
def songs(draw):
    beats_per_bar, beat_unit = draw(metres)
    bar = Fraction(beats_per_bar * 4, beat_unit)
    pickup = draw(st.sampled_from([Fraction(0), bar / 4, bar / 2]))
    at = bar - pickup if pickup else Fraction(0)
    notes = []
    for rest, length, midi in draw(
        st.lists(
            st.tuples(st.sampled_from([0, 0, 1, Fraction(1, 3)]), lengths, st.integers(0, 127)), min_size=1, max_size=12
        )
    ):
        notes.append(ScoreNote(at + rest, length, midi))
        at += rest + length
    end = -(-at // bar) * bar
    chords = []
    if draw(st.booleans()):
        for n in range(1 if pickup else 0, int(end / bar)):
            root, quality = draw(st.sampled_from("CDEFGAB")), draw(st.sampled_from(sorted(QUALITIES)))
            if draw(st.booleans()):
                chords.append(ScoreChord(n * bar, bar, root + quality))
    backing = draw(st.sampled_from(STYLES)) if chords else "none"
    return Song(
        name="x",
        title=draw(texts),
        composer=draw(texts),
        year=draw(st.integers(1, 2999)),
        free_because=draw(texts),
        level=draw(st.integers(1, 3)),
        tempo_bpm=draw(st.floats(10, 400)),
        beats_per_bar=beats_per_bar,
        beat_unit=beat_unit,
        key=str(parse_key(draw(st.sampled_from(["C major", "F# minor", "Bb major", "Db major", "C# major"])))),
        melody=tuple(notes),
        parts=arrange(chords, beats_per_bar=beats_per_bar, beat_unit=beat_unit, end=end, style=backing),
        pickup=pickup,
        chords=tuple(chords),
        backing=backing,
    )


@given(songs())
@settings(max_examples=150, deadline=None)
def test_any_song_written_and_read_again_is_the_same(song):
    assert parse_song(format_song(song), "x") == song


@given(
    st.text(st.sampled_from("ABCDEFG#b♯♭0123456789:/.~|%-RN \n\"'\\=[]xm"), max_size=60),
    st.sampled_from(["melody", "chords"]),
)
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_song_file_it_is_read_or_refused(text, key):
    try:
        song_of('melody = "C4:4"' if key == "chords" else "", f'{key} = """{text}"""')
    except SongError as error:
        says = str(error)
    else:
        return
    assert says.startswith("a-song.toml")

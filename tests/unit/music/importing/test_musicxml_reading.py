"""MusicXML from anywhere: parts, voices, repeats, ties and transposition; and what is refused, at which bar or line."""

import io
import tracemalloc
import zipfile

import pytest

from firmware_py.errors import SongError
from firmware_py.music.bars import MetreChange
from firmware_py.music.importing import safe_xml
from firmware_py.music.importing.repeats import Marks, play_order
from firmware_py.music.song_file import WRITTEN, format_song, parse_song
from firmware_py.music.tempo_map import TempoChange
from firmware_py.report.musicxml import musicxml_of
from firmware_py.report.song_sheet import song_sheet
from tests.unit.music.foreign_files import ODD_SONGS, F

DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
HEAD = (
    "<attributes><divisions>6</divisions><key><fifths>0</fifths></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)
STEPS = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


def note(midi, length=1, *, voice=1, extra="", before="", staff=""):
    name = STEPS[midi % 12]
    alter = "<alter>1</alter>" if name.endswith("#") else ""
    staff = f"<staff>{staff}</staff>" if staff else ""
    return (
        f"<note>{before}<pitch><step>{name[0]}</step>{alter}<octave>{midi // 12 - 1}</octave></pitch>"
        f"<duration>{round(length * 6)}</duration>{extra}<voice>{voice}</voice>{staff}</note>"
    )


def back(length):
    return f"<backup><duration>{round(length * 6)}</duration></backup>"


def bar(*words, number=1, head=False, attributes=""):
    return f'<measure number="{number}"{attributes}>{HEAD if head else ""}{"".join(words)}</measure>'


def score(*parts, names=(), title="Tune", before=""):
    names = names or [f"Part {n}" for n, _ in enumerate(parts, 1)]
    listed = "".join(
        f'<score-part id="P{n}"><part-name>{name}</part-name></score-part>' for n, name in enumerate(names)
    )
    music = "".join(f'<part id="P{n}">{part}</part>' for n, part in enumerate(parts))
    head = f"<work><work-title>{title}</work-title></work><part-list>{listed}</part-list>"
    return (
        f'<?xml version="1.0"?>{before or DOCTYPE}<score-partwise version="4.0">{head}{music}</score-partwise>'.encode()
    )


def line(found):
    return [(n.onset, n.duration, n.midi) for n in found.song.melody]


def whole(midi, number=1, extra="", head=False):
    return bar(note(midi, 4), extra, number=number, head=head)


def test_the_part_that_is_called_voice_is_the_melody_and_the_others_the_backing(read):
    piano = bar(note(84, 4), back(4), note(48, 4, voice=2), head=True)
    found = read(score(piano, whole(67, head=True), names=("Piano", "Voice")))
    assert line(found) == [(0, 4, 67)]
    assert found.song.backing == WRITTEN
    assert [p.name for p in found.song.parts] == ["Piano, voice 1", "Piano, voice 2"]


def test_of_chords_and_voices_the_highest_is_the_melody_unless_another_is_asked_for(read):
    chord = note(60, 4) + note(64, 4, before="<chord/>") + note(72, 4, before="<chord/>")
    lower = "".join(back(4) + note(40 + v, 4, voice=v) for v in range(2, 8))  # seven voices in all
    content = score(bar(chord, lower, head=True))
    assert line(read(content)) == [(0, 4, 72)]
    assert len(read(content).voices) == 7
    assert line(read(content, track="Part 1, voice 5")) == [(0, 4, 45)]


def test_ties_join_over_bars_and_repeats(read):
    tie = "<tie type='start'/>", "<tie type='stop'/>"
    again = '<barline><repeat direction="backward"/></barline>'
    found = read(score(bar(note(60, 4, extra=tie[0]), head=True) + bar(note(60, 4, extra=tie[1]), again, number=2)))
    assert line(found) == [(0, 8, 60), (8, 8, 60)]
    assert any("2 written bars are 4" in remark for remark in found.remarks)


def test_first_and_second_endings_are_played_in_turn(read):
    def ending(n, *, begins, repeat=False):
        kind = "start" if begins else "stop"
        sign = '<repeat direction="backward"/>' if repeat else ""
        return f'<barline><ending number="{n}" type="{kind}"/>{sign}</barline>'

    found = read(
        score(
            whole(60, head=True)
            + bar(ending(1, begins=True), note(62, 4), ending(1, begins=False, repeat=True), number=2)
            + bar(ending(2, begins=True), note(64, 4), ending(2, begins=False), number=3)
            + whole(65, number=4)
        )
    )
    assert [n.midi for n in found.song.melody] == [60, 62, 60, 64, 65]


@pytest.mark.parametrize(
    ("marks", "order"),
    [
        ([Marks(), Marks(forward=True), Marks(backward=2), Marks()], [0, 1, 2, 1, 2, 3]),
        ([Marks(backward=3)], [0, 0, 0]),
        ([Marks(), Marks(fine=True), Marks(da_capo=True)], [0, 1, 2, 0, 1]),
        ([Marks(forward=True), Marks(backward=2), Marks(da_capo=True)], [0, 1, 0, 1, 2, 0, 1, 2]),
        (
            [Marks(), Marks(segno=True), Marks(to_coda=True), Marks(dal_segno=True), Marks(coda=True)],
            [0, 1, 2, 3, 1, 2, 4],
        ),
        (
            [
                Marks(),
                Marks(endings={1, 2}, ending_stops=True, backward=2),
                Marks(endings={3}, ending_stops=True),
                Marks(),
            ],
            [0, 1, 0, 1, 0, 2, 3],
        ),
        (
            [
                Marks(),
                Marks(endings={1}, ending_stops=True, backward=2),
                Marks(endings={2}, da_capo=True, ending_stops=True),
            ],
            [0, 1, 0, 2, 0, 2],
        ),
    ],
)
def test_bars_are_played_as_players_read_the_signs(marks, order):
    assert play_order(marks, "x") == order


def test_repeats_without_end_are_refused():
    with pytest.raises(SongError, match="more than 4000 bars"):
        play_order([Marks(backward=10**9)], "x")


def test_an_upbeat_and_a_change_of_metre_are_kept(read):
    three = "<attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    found = read(
        score(
            bar(note(67), number=0, head=True, attributes=' implicit="yes"')
            + whole(72)
            + bar(three, note(74, 3), number=2)
        )
    )
    assert (found.song.pickup, found.song.metres) == (1, (MetreChange(F(8), 3, 4),))
    assert line(found) == [(3, 1, 67), (4, 4, 72), (8, 3, 74)]
    assert [found.song.bar_number(n.onset) for n in found.song.melody] == [0, 1, 2]


def test_tempo_comes_from_sound_or_metronome_with_its_changes(read):
    mark = (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
        "<per-minute>60</per-minute></metronome></direction-type></direction>"
    )
    song = read(score(bar(mark, note(60, 4), head=True) + bar('<sound tempo="45"/>', note(62, 4), number=2))).song
    assert (song.tempo_bpm, song.tempos) == (90.0, (TempoChange(F(4), 45.0),))


def test_a_transposing_instrument_sounds_where_it_sounds(read):
    transpose = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>"
    found = read(score(bar(HEAD.replace("</attributes>", transpose), note(74, 4))))
    assert (line(found), found.song.key) == ([(0, 4, 72)], "Bb major")


def test_grace_and_cue_notes_are_left_out_and_said(read):
    grace = "<note><grace/><pitch><step>D</step><octave>5</octave></pitch><voice>1</voice></note>"
    cue = note(80, 2, before="<cue/>")
    found = read(score(bar(grace, note(72, 2), cue, head=True) + whole(71, 2)))
    assert line(found) == [(0, 2, 72), (4, 4, 71)]
    assert [r for r in found.remarks if "left out" in r] == ["1 grace notes are left out", "1 cue notes are left out"]


def test_tuplets_are_kept_and_quintuplets_put_on_the_nearest_place_that_can_be_written(read):
    three = "".join(note(60 + n, 1 / 3) for n in range(3))
    assert line(read(score(bar(three, note(65, 3), head=True))))[1] == (F(1, 3), F(1, 3), 61)
    five = "<attributes><divisions>5</divisions></attributes>" + "".join(
        f"<note><pitch><step>C</step><octave>{4 + n % 2}</octave></pitch><duration>1</duration></note>"
        for n in range(5)
    )
    found = line(read(score(bar(HEAD, five))))
    assert [on + length for on, length, _ in found[:-1]] == [on for on, _, _ in found[1:]]
    assert all(on.denominator in (1, 2, 4, 8, 16, 3, 6, 12) for on, _, _ in found)


def test_a_lead_sheet_is_arranged_from_its_chords(read):
    def chord(root, kind):
        return f"<harmony><root><root-step>{root}</root-step></root><kind>{kind}</kind></harmony>"

    found = read(
        score(bar(chord("C", "major"), note(60, 2), chord("G", "dominant"), note(62, 2), head=True) + whole(60, 2))
    )
    assert [(c.onset, c.duration, c.symbol) for c in found.song.chords] == [(0, 2, "C"), (2, 2, "G7"), (4, 4, "G7")]
    assert {p.name for p in found.song.parts} >= {"Bass", "Drums"}


def test_a_chord_symbol_between_the_places_that_can_be_written_is_put_on_the_nearest(read):
    chord = "<harmony><root><root-step>C</root-step></root><kind>major</kind><offset>7</offset></harmony>"
    divisions = HEAD.replace("<divisions>6", "<divisions>9973")
    long = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>39892</duration></note>"
    song = read(score(bar(divisions, chord, long))).song
    assert [(c.onset, c.symbol) for c in song.chords] == [(0, "C")]
    assert parse_song(format_song(song), song.name) == song


def test_a_timewise_score_is_read_like_a_partwise_one(read):
    content = (
        '<score-timewise><part-list><score-part id="P1"><part-name>Flute</part-name></score-part></part-list>'
        f'<measure number="1"><part id="P1">{HEAD}{note(60, 4)}</part></measure>'
        f'<measure number="2"><part id="P1">{note(62, 4)}</part></measure></score-timewise>'
    )
    assert line(read(content.encode())) == [(0, 4, 60), (4, 4, 62)]


def test_utf_16_is_read(read):
    content = score(whole(60, head=True)).decode().replace('version="1.0"', 'version="1.0" encoding="UTF-16"', 1)
    assert line(read(content.encode("utf-16"))) == [(0, 4, 60)]


def mxl(*files, container="score.xml", kind=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        if container:
            root = f'<container><rootfiles><rootfile full-path="{container}"/></rootfiles></container>'
            archive.writestr("META-INF/container.xml", root)
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


GOOD = musicxml_of(song_sheet(ODD_SONGS["upbeat"]))


def test_a_compressed_score_is_read_with_and_without_its_container(read):
    assert read(mxl(("score.xml", GOOD))).song.melody == ODD_SONGS["upbeat"].melody
    assert read(mxl(("a.musicxml", GOOD), container="")).song.melody == ODD_SONGS["upbeat"].melody


LAUGHS = "<!DOCTYPE s [" + '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip
BODY = whole(60, head=True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (score(BODY, title="&i;", before=LAUGHS), "line 1: it declares entities"),
        (
            score(BODY, title="&x;", before='<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
            "declares entities",
        ),
        (score(BODY, before='<!DOCTYPE s [<!ENTITY % x SYSTEM "http://example.org/x.dtd"> %x;]>'), "declares entities"),
        (b"<a>" * 100, "nested more than 60 deep"),
        (b"<score-partwise>" + b"<a/>" * 20_001, "more than 20000 elements"),
        (b"<svg></svg>", "no MusicXML score"),
        (b"<score-partwise><part-list>", r"line 1, column \d+: "),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "cannot be read as XML|unknown encoding"),
        (b"<score-partwise/>", "no part"),
        (score(""), "no bar"),
        (score(bar("<note><rest/><duration>24</duration></note>", head=True)), "no note"),
        (score(bar("<note><unpitched/><duration>24</duration></note>", head=True)), "no note|percussion"),
        (score(BODY.replace("<duration>24", "<duration>x", 1)), "Part 1, bar 1: a duration is 'x'"),
        (score(BODY.replace("<duration>24", "<duration>-4", 1)), "must be above 0"),
        (score(BODY.replace("<divisions>6", "<divisions>0", 1)), "divisions are not above 0"),
        (score(BODY.replace("<octave>4", "<octave>12", 1)), "outside the notes"),
        (score(BODY.replace("<step>C", "<step>H", 1)), "'H' is no step"),
        (score(BODY.replace("<beats>4", "<beats>0", 1)), "cannot be counted"),
        (score(bar(note(60, 99_999), head=True)), "which is none"),
        (score(bar('<sound tempo="0"/>', note(60, 4), head=True)), "a tempo of 0"),
        (score(whole(60, head=True) + "".join(whole(60, n) for n in range(2, 400))), "longer than 10 minutes"),
        (mxl(("score.xml", b" " * 16_000_001)), "unpacks to more than 16 MB"),
        (mxl(("score.xml", GOOD), container="../score.xml"), "outside of the file"),
        (mxl(("score.xml", GOOD), container="/etc/passwd"), "outside of the file"),
        (mxl(("score.xml", GOOD), container="other.xml"), "is not in it"),
        (mxl(("a.mscx", GOOD), container=""), "MuseScore's own file; export it"),
        (mxl(("readme.txt", "x"), container=""), "no score in it"),
        (mxl(("score.xml", GOOD))[:-30], "no sound .mxl"),
        (mxl(*((f"{n}.txt", "") for n in range(1001))), "holds 1002 files"),
    ],
    ids=range(29),
)
def test_what_cannot_be_a_song_is_refused_at_its_place(read, content, says, monkeypatch):
    monkeypatch.setattr(safe_xml, "MOST_ELEMENTS", 20_000)
    tracemalloc.start()
    with pytest.raises(SongError, match=says) as refused:
        read(content, "strange.xml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(refused.value).startswith("strange.xml")
    assert peak < 150_000_000


def test_a_file_that_names_a_document_type_elsewhere_is_read_and_nothing_is_fetched(read):
    assert line(read(score(BODY, before='<!DOCTYPE score-partwise SYSTEM "http://127.0.0.1:9/x.dtd">')))


def test_a_name_without_end_in_a_broken_mxl_is_not_quoted_whole(read):
    raw = bytearray(mxl(("score.xml", GOOD), kind=zipfile.ZIP_STORED))
    raw[26:28] = (1000).to_bytes(2, "little")  # the length of the first file's name, as its own header has it
    with pytest.raises(SongError, match="no sound") as refused:
        read(bytes(raw))
    assert len(str(refused.value)) < 250

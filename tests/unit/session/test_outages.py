from firmware_py.archive.session_folder import Gap
from firmware_py.session.outages import Outages


def test_a_gap_reaches_from_the_first_word_of_an_outage_to_its_end():
    outages = Outages()
    outages.begin("sight", 1.2344, "was killed")
    outages.begin("sight", 2.0, "again")
    assert "sight" in outages
    outages.end("sight", 3.0)
    assert "sight" not in outages
    assert outages.gaps == [Gap("sight", 1.234, 3.0, "was killed")]


def test_whoever_was_not_away_leaves_no_gap_and_nor_does_what_ended_before_the_recording_began():
    outages = Outages()
    outages.end("sound", 1.0)
    outages.begin("sound", -2.0, "was killed")
    outages.end("sound", -1.0)
    assert outages.gaps == []


def test_at_the_end_of_the_session_whoever_is_still_away_is_noted():
    outages = Outages()
    outages.begin("sight", -0.5, "was killed")
    outages.begin("microphone", 2.0, "is gone")
    outages.end_all(4.0)
    assert outages.gaps == [Gap("sight", 0.0, 4.0, "was killed"), Gap("microphone", 2.0, 4.0, "is gone")]

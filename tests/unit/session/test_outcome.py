"""What came of a session, for people, for lists and for programs; also where the folder is not what it should be."""

import json
from collections.abc import Callable

import pytest

from firmware_py.archive.session_folder import Gap, SessionFolder
from firmware_py.errors import SessionFolderError
from firmware_py.music.passage import Passage
from firmware_py.session.outcome import Outcome

Played = Callable[..., SessionFolder]
REPORT = {"title": "Ode to Joy", "marks": {"total": 87.6}, "notes": [1, 2, 3], "advice": ["Play on."]}


def test_a_reported_session_is_told_to_people_and_to_programs(played: Played) -> None:
    folder = played(gaps=(Gap("sight", 1.0, 1.25, "killed by SIGKILL"),), counters={"frames": 9, "frames_with_hand": 7})
    folder.write_whole(SessionFolder.REPORT, json.dumps(REPORT).encode())
    outcome = Outcome.of(folder)
    assert outcome.as_text().splitlines() == [
        "Ode to Joy: 88 of 100 (2 s; the song ended)",
        "  Play on.",
        "  sight was gone from 1.0 s to 1.2 s (killed by SIGKILL)",
        f"  recording  {folder.file(SessionFolder.SOUND)}",
    ]
    found = json.loads(json.dumps(outcome.as_json()))
    assert (found["marks"], found["notes"], found["frames"], found["frames_with_hand"]) == (87.6, 3, 9, 7)
    assert set(found["files"]) == {SessionFolder.SOUND, SessionFolder.RECORD, SessionFolder.REPORT}
    assert outcome.whole


def test_a_session_that_is_not_reported_yet_has_no_marks_and_is_not_whole(played: Played) -> None:
    outcome = Outcome.of(played(end=""))
    assert (outcome.marks, outcome.as_json()["notes"], outcome.whole) == (None, None, False)
    assert "not finished" in outcome.as_line()


def test_a_session_that_a_fault_ended_is_not_whole_though_it_has_its_report(played: Played) -> None:
    folder = played(end="the card is full", failed=True)
    folder.write_whole(SessionFolder.REPORT, json.dumps(REPORT).encode())
    assert not Outcome.of(folder).whole


@pytest.mark.parametrize("report", ["", "[]", "{}", '{"marks": 3, "notes": []}', '{"marks": {}, "notes": []}', "\xff"])
def test_a_report_that_is_none_is_refused_with_the_way_to_make_it_again(played: Played, report: str) -> None:
    folder = played()
    folder.file(SessionFolder.REPORT).write_bytes(report.encode("latin-1"))
    with pytest.raises(SessionFolderError, match=f"hand-dance report {folder.path}"):
        Outcome.of(folder)


def test_a_practised_passage_is_told_one_time_after_the_other(played: Played) -> None:
    folder = played(passage=Passage(5, 6, 2))
    times = [{"marks": 50.0}, {"marks": 90.0}]
    folder.write_whole(SessionFolder.REPORT, json.dumps(REPORT | {"repetitions": times}).encode())
    outcome = Outcome.of(folder)
    assert outcome.as_text().splitlines()[1] == "  one time after the other: 50, 90 of 100"
    assert outcome.as_json()["passage"] == {
        "from_bar": 5,
        "to_bar": 6,
        "times": 2,
        "rise": 0.0,
        "repetitions": [0.5, 0.9],
    }
    assert Outcome.of(played()).as_json()["passage"] is None

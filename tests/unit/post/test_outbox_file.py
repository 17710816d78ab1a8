import json
import multiprocessing
import shutil
import sqlite3
from pathlib import Path

import pytest

from firmware_py.errors import MailError
from firmware_py.post.outbox import Outbox
from firmware_py.post.outbox_file import DATABASE, NOTE
from firmware_py.post.queued_letter import LetterId, LetterState
from firmware_py.post.receipt import NAME

LETTERS = 40


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An outbox of forty letters, the first ten delivered, one cancelled; closed, with all in its one file."""
    state = tmp_path_factory.mktemp("template") / "state"
    with Outbox(state) as box:
        for n in range(LETTERS):
            folder = state / "sessions" / f"session-{n:02d}"
            folder.mkdir(parents=True)
            number = box.queue(folder, f"player-{n}@example.org")
            if n < 10:
                box.delivered(number, "250 ok")
        box.cancel(LetterId(40))
        return state, {letter.message_id: letter.state for letter in box.letters()}


@pytest.fixture
def filled(template, tmp_path):
    made, wanted = template
    state = tmp_path / "state"
    shutil.copytree(made, state)
    return state, state / "outbox" / DATABASE, dict(wanted)


def halved(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def cut_inside_a_page(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def page_zeroed(number: int):
    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[number * 4096 : (number + 1) * 4096] = bytes(4096)
        file.write_bytes(content)

    return damage


def all_zeroed(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def no_database(file: Path) -> None:
    file.write_bytes(b"Dear diary,\n" * 1000)


def another_schema(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE letters (id INTEGER PRIMARY KEY, name TEXT)")
    db.close()


def a_state_nobody_knows(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("UPDATE letters SET state = 'lost' WHERE id = 3")
    db.close()


DAMAGE = [
    halved,
    cut_inside_a_page,
    *(page_zeroed(n) for n in (0, 1, 3)),
    all_zeroed,
    no_database,
    another_schema,
    a_state_nobody_knows,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda each: each.__qualname__.split(".")[0])
def test_a_damaged_outbox_is_set_aside_with_a_note_and_every_letter_is_there_again(filled, damage):
    state, file, wanted = filled
    damage(file)
    spoiled = file.read_bytes()
    with Outbox(state) as box:
        assert {letter.message_id: letter.state for letter in box.letters()} == wanted
        assert len(box.due(1e12)) == LETTERS - 11
        again = box.queue(state / "sessions" / "session-20", "player-20@example.org")
        assert len(box.letters()) == LETTERS
        assert box.letter(again).recipient == "player-20@example.org"
    aside = file.parent / "damaged-1"
    assert (aside / DATABASE).read_bytes()[100:4096] == spoiled[100:4096]  # but for SQLite's own heading
    note = (aside / NOTE).read_text()
    assert "was damaged" in note
    assert "may be deleted" in note
    with Outbox(state) as box:
        assert len(box.letters()) == LETTERS
    assert not (file.parent / "damaged-2").exists()


@pytest.mark.parametrize("damage", [halved, page_zeroed(0), page_zeroed(3), all_zeroed])
def test_without_receipts_what_can_be_read_is_kept_and_the_rest_goes_on(filled, damage, make_session):
    state, file, wanted = filled
    for receipt in state.glob(f"sessions/*/{NAME}"):
        receipt.unlink()
    damage(file)
    with Outbox(state) as box:
        assert {letter.message_id for letter in box.letters()} <= set(wanted)
        number = box.queue(make_session("after"), "ana@example.org")
        assert box.letter(number).state is LetterState.DUE


def test_a_lost_journal_is_no_damage(filled):
    state, file, wanted = filled
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    with Outbox(state) as box:
        assert len(box.letters()) == len(wanted)
    assert not (file.parent / "damaged-1").exists()


def test_an_outbox_of_an_earlier_version_is_taken_over_as_it_is(filled):
    state, file, wanted = filled
    with sqlite3.connect(file) as db:
        db.execute("ALTER TABLE letters DROP COLUMN delivered_at")
        db.execute("DROP TABLE memory")
    db.close()
    with Outbox(state) as box:
        assert {letter.message_id: letter.state for letter in box.letters()} == wanted
    assert not (file.parent / "damaged-1").exists()


def test_receipts_that_make_no_sense_are_passed_over(filled):
    state, file, _ = filled
    for n, content in enumerate((b"", b"{}", b'"x"', b"\xff", b'{"recipient": "a\\nb", "state": "due"}')):
        (state / "sessions" / f"session-{n:02d}" / NAME).write_bytes(content)
    file.unlink()
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE letters (id INTEGER PRIMARY KEY)")
    db.close()
    with Outbox(state) as box:
        assert len(box.letters()) == LETTERS - 5


def test_a_receipt_holds_what_a_new_outbox_needs_and_no_more(filled):
    state, _, _ = filled
    receipt = json.loads((state / "sessions" / "session-03" / NAME).read_text())
    assert receipt.keys() == {"recipient", "message_id", "queued", "state", "where"}
    assert receipt["state"] == "delivered"


def _opens(state: Path, told) -> None:
    with Outbox(state) as box:
        told.put(len(box.letters()))


def test_programs_that_find_the_damage_together_mend_it_once(filled):
    state, file, _ = filled
    halved(file)
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    several = [context.Process(target=_opens, args=(state, told)) for _ in range(3)]
    for each in several:
        each.start()
    assert [told.get(timeout=60) for _ in several] == [LETTERS] * 3
    for each in several:
        each.join(60)
    assert not (file.parent / "damaged-2").exists()


def test_a_card_that_is_at_fault_is_not_taken_for_a_damaged_outbox(filled, monkeypatch):
    state, file, _ = filled
    real = sqlite3.connect

    def full(*arguments, **named):
        db = real(*arguments, **named)
        db.execute("PRAGMA query_only=ON")
        return db

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(MailError, match="free some space or mount it writable"):
        Outbox(state).queue(state / "sessions" / "session-00", "eva@example.org")
    assert not (file.parent / "damaged-1").exists()

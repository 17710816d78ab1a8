"""The card: full, nearly full, slow, read-only."""

import os
from pathlib import Path

import pytest

from firmware_py.archive.space import Space
from firmware_py.doctor import card
from firmware_py.doctor.finding import Level

GREEN, AMBER, RED = Level


@pytest.mark.parametrize(("free", "level"), [(20e6, RED), (300e6, AMBER), (8e9, GREEN)])
def test_room_is_told_in_minutes_of_recording(patient, monkeypatch, free, level):
    monkeypatch.setattr(card, "space_of", lambda _: Space(int(free)))
    (found,) = card.space(patient())
    assert found.level is level
    assert "of recording" in found.found


def test_a_state_folder_that_is_not_made_yet_has_its_parents_room(patient):
    box = patient()
    box.config.state.rmdir()
    assert card.space(box)[0].figures["free_bytes"] > 0
    assert card.speed(box)[0].level in (GREEN, AMBER)


@pytest.mark.parametrize(("seconds", "level"), [(0.01, GREEN), (0.1, AMBER), (1.0, RED)])
def test_a_slow_card_is_told(patient, monkeypatch, seconds, level):
    monkeypatch.setattr(card, "_write", lambda _: (seconds * card.BLOCKS, seconds))
    assert card.speed(patient())[0].level is level


def test_one_long_wait_among_quick_blocks_is_told(patient, monkeypatch):
    monkeypatch.setattr(card, "BLOCK", 16 << 20)
    monkeypatch.setattr(card, "_write", lambda _: (3.0, 2.5))
    assert card.speed(patient())[0].level is AMBER


def test_a_card_that_turned_read_only_is_red_and_nothing_is_left_on_one_that_is_not(patient, monkeypatch):
    box = patient()
    assert card.speed(box)[0].figures["bytes_per_s"] > 0
    assert list(box.config.state.iterdir()) == []

    def refused(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "write", refused)
    (found,) = card.speed(box)
    assert (found.level, "Read-only file system" in found.found) == (RED, True)
    assert list(Path(box.config.state).iterdir()) == []

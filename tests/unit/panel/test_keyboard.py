import os
import pty
import queue
import termios

import pytest

from firmware_py.config import PanelSettings
from firmware_py.panel.keyboard import KeyboardPanel
from firmware_py.panel.open_panel import open_panel
from firmware_py.panel.panel import PanelEvent

LIMIT_S = 10


@pytest.fixture
def terminal():
    fingers, screen = pty.openpty()
    with os.fdopen(screen, "r") as opened:
        yield fingers, opened
    os.close(fingers)


@pytest.fixture
def events():
    return queue.SimpleQueue()


@pytest.fixture
def panel(terminal, events):
    opened = KeyboardPanel(events.put, terminal[1])
    yield opened
    opened.close()


def test_space_starts_when_ready_and_stops_when_playing(panel, terminal, events):
    panel.show("ready")
    os.write(terminal[0], b" ")
    assert events.get(timeout=LIMIT_S) is PanelEvent.START
    panel.show("playing")
    os.write(terminal[0], b" ")
    assert events.get(timeout=LIMIT_S) is PanelEvent.STOP


def test_s_stops_and_q_quits_in_either_case_and_other_keys_do_nothing(panel, terminal, events):
    os.write(terminal[0], b"xsQ\n7S")
    assert [events.get(timeout=LIMIT_S) for _ in range(3)] == [PanelEvent.STOP, PanelEvent.QUIT, PanelEvent.STOP]
    assert events.empty()


def test_plus_and_minus_change_the_volume(panel, terminal, events):
    os.write(terminal[0], b"+=-")
    wanted = [PanelEvent.LOUDER, PanelEvent.LOUDER, PanelEvent.SOFTER]
    assert [events.get(timeout=LIMIT_S) for _ in range(3)] == wanted


def test_an_arrow_key_is_not_taken_for_letters(panel, terminal, events):
    os.write(terminal[0], b"\x1b[s")
    panel.close()
    assert events.empty()


def test_the_terminal_is_given_back_as_it_was(terminal, events):
    before = termios.tcgetattr(terminal[1])
    panel = KeyboardPanel(events.put, terminal[1])
    assert not termios.tcgetattr(terminal[1])[3] & termios.ECHO
    assert termios.tcgetattr(terminal[1])[3] & termios.ISIG
    panel.close()
    panel.close()
    assert termios.tcgetattr(terminal[1]) == before


def test_a_panel_may_be_closed_by_its_own_key(terminal):
    done = queue.SimpleQueue()

    def on_event(event):
        panel.close()
        done.put(event)

    panel = KeyboardPanel(on_event, terminal[1])
    os.write(terminal[0], b"q")
    assert done.get(timeout=LIMIT_S) is PanelEvent.QUIT


def test_input_that_is_no_terminal_is_no_panel(tmp_path, events, monkeypatch):
    (tmp_path / "file").write_text("   ")
    with (tmp_path / "file").open() as file:
        with pytest.raises(OSError, match="no terminal"):
            KeyboardPanel(events.put, file)
        monkeypatch.setattr("sys.stdin", file)
        open_panel(PanelSettings(-1, -1, -1, -1), events.put).close()
    assert events.empty()

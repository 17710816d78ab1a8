"""A supervised process: its events, its death, and when to stop trying. Real processes, no fakes."""

import os
import selectors
import signal
from pathlib import Path

import pytest

from firmware_py.session.child import RESTARTS_ALLOWED, Child, Death, Event

ECHO = """
import json, sys, signal
plan = json.load(sys.stdin)
print(json.dumps({"event": "ready", "plan": plan}), flush=True)
if plan.get("chatter"):
    sys.stdout.buffer.write(b'Loaded 1 model.\\n[1, 2]\\n\\n{"progress": 3}\\n\\xff\\n')
    sys.stdout.flush()
if plan.get("exit") is not None:
    sys.exit(plan["exit"])
if plan.get("deaf"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(json.dumps({"event": "deaf"}), flush=True)
signal.pause()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "echo_child.py").write_text(ECHO)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    return "echo_child"


def _wait(descriptor: int, child: Child) -> tuple[list[Event], Death | None]:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            assert selector.select(10), "nothing came within 10 s"
            events, death = child.events()
            if events or death:
                return events, death


def test_it_gets_its_plan_and_tells_events(module: str) -> None:
    child = Child("echo", module, lambda: '{"n": 3}')
    events, death = _wait(child.start(), child)
    assert (events, death) == ([{"event": "ready", "plan": {"n": 3}}], None)
    assert child.stop(5) == -signal.SIGTERM


def test_a_kill_is_noticed_at_once_and_named(module: str) -> None:
    child = Child("echo", module, lambda: "{}")
    descriptor = child.start()
    _wait(descriptor, child)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    _, death = _wait(descriptor, child)
    assert death is not None
    assert death.reason == "killed by SIGKILL"
    assert not child.running


def test_the_last_words_of_a_process_come_before_its_death(module: str) -> None:
    child = Child("echo", module, lambda: '{"exit": 7}')
    descriptor = child.start()
    heard: list[Event] = []
    death: Death | None = None
    while death is None:
        events, death = _wait(descriptor, child)
        heard += events
    assert [event["event"] for event in heard] == ["ready"]
    assert death.reason == "exited with 7"


def test_what_a_library_prints_among_the_events_is_passed_on_to_people(
    module: str, capsys: pytest.CaptureFixture
) -> None:
    child = Child("echo", module, lambda: '{"chatter": true, "exit": 0}')
    descriptor = child.start()
    heard: list[Event] = []
    while child.running:
        heard += _wait(descriptor, child)[0]
    assert [event["event"] for event in heard] == ["ready"]
    said = capsys.readouterr().err.splitlines()
    assert [line.partition("echo: ")[2] for line in said] == ["Loaded 1 model.", "[1, 2]", '{"progress": 3}', "\ufffd"]


def test_a_signal_without_a_name_is_named_by_its_number() -> None:
    assert Death(-signal.SIGKILL, 0).reason == "killed by SIGKILL"
    assert Death(-35, 0).reason == "killed by signal 35"


def test_one_that_will_not_end_is_ended(module: str) -> None:
    child = Child("echo", module, lambda: '{"deaf": true}')
    descriptor = child.start()
    heard: list[Event] = []
    while len(heard) < 2:
        heard += _wait(descriptor, child)[0]
    assert child.stop(0.2) == -signal.SIGKILL


def test_one_that_dies_again_and_again_is_hopeless_and_not_before(module: str) -> None:
    child = Child("echo", module, lambda: '{"exit": 1}')
    for start in range(RESTARTS_ALLOWED + 1):
        assert not child.hopeless, start
        descriptor = child.start()
        while child.running:
            _wait(descriptor, child)
    assert child.hopeless

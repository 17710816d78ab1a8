"""The wish to stop: the first reason counts, from a signal, a thread, or after everything was closed."""

import os
import selectors
import signal
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from firmware_py.session.stopping import StopRequest, stop_on_signals


def _asked(stop: StopRequest) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(stop, selectors.EVENT_READ)
        return bool(selector.select(0))


def test_the_first_reason_is_kept_and_wakes_whoever_waits() -> None:
    with closing(StopRequest()) as stop:
        assert not _asked(stop)
        stop.request("first")
        stop.request("second")
        assert (stop.reason, _asked(stop)) == ("first", True)


def test_a_press_that_comes_after_the_session_writes_into_no_other_file() -> None:
    stop = StopRequest()
    stop.close()
    stop.close()
    reader, writer = os.pipe()  # takes the numbers that were given back
    os.set_blocking(reader, False)
    stop.request("stop was pressed")
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    os.close(reader)
    os.close(writer)


@pytest.fixture
def not_ignored(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """A signal that has a handler, whatever this run inherited: under nohup SIGHUP is ignored."""
    number: signal.Signals = request.param
    before = signal.signal(number, signal.default_int_handler)
    yield number
    signal.signal(number, before)


@pytest.mark.parametrize("not_ignored", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], indirect=True)
def test_a_signal_asks_every_request_and_the_handlers_are_given_back(not_ignored: signal.Signals) -> None:
    with closing(StopRequest()) as session, closing(StopRequest()) as box:
        with stop_on_signals(session, box):
            os.kill(os.getpid(), not_ignored)
            os.kill(os.getpid(), not_ignored)
        assert session.reason == box.reason == f"stopped by {not_ignored.name}"
    assert signal.getsignal(not_ignored) is signal.default_int_handler


def test_whoever_ignores_the_end_of_its_terminal_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with closing(StopRequest()) as stop, stop_on_signals(stop):
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.reason == ""
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_in_the_midst_of_a_request_does_not_block_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(StopRequest()) as stop, stop_on_signals(stop):
        write = os.write

        def interrupted(descriptor: int, content: bytes) -> int:
            os.kill(os.getpid(), signal.SIGINT)
            return write(descriptor, content)

        monkeypatch.setattr(os, "write", interrupted)
        asking = threading.Timer(10, os._exit, [3])  # a deadlock here would hang the whole run
        asking.start()
        stop.request("a button")
        asking.cancel()
        asking.join()
        assert stop.reason == "a button"

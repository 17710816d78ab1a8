"""``python -m firmware_py.sight`` is the sight process: a plan as JSON on standard input, events on standard output."""

import os
import signal
import sys


def run() -> int:
    """Set up the signals, then do the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the session decides
    # SIGTERM is asked for while waiting, never delivered. It is blocked before anything else is imported, since the
    # numeric libraries start threads of their own on import, and one of those would take it and end the process.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    from firmware_py.sight.process import main

    return main()


code = run()
sys.stdout.flush()
os._exit(code)  # a camera thread that hangs in its driver must not hold up the end

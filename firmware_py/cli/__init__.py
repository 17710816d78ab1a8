"""The command line: ``hand-dance COMMAND``, one small file a command beside this.

Exit code 0: done. 1: failed, with one sentence on standard error. 2: wrong usage or configuration. A command imports
what it needs only when it runs, so that ``--help`` and the quick ones answer at once.
"""

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import Final

from firmware_py import __version__
from firmware_py.cli import (
    bench,
    calibrate,
    demo,
    doctor,
    inspect,
    library,
    models,
    play,
    players,
    post,
    report,
    run,
    sessions,
    songs,
    update,
)
from firmware_py.config import load_config
from firmware_py.errors import HandDanceError

_COMMANDS: Final = (
    *(
        play,
        demo,
        run,
        inspect,
        songs,
        players,
        sessions,
        report,
        library,
        post,
        models,
        calibrate,
        doctor,
        update,
        bench,
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``argv`` is ``sys.argv[1:]`` when None."""
    args = _parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no ♪ is no reason to fail
    try:
        flags = {place: getattr(args, name, None) for name, place in _FLAGS.items()}
        if args.run in (run.run, doctor.run):
            from firmware_py.session.last_good import settings_or_last_good

            config, args.complaint = settings_or_last_good(flags)
        else:
            config = load_config(flags)
        code: int = args.run(args, config)
        sys.stdout.flush()
    except HandDanceError as error:
        print(f"hand-dance: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # a reader like head has enough: no complaint
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print("hand-dance: what was printed cannot be written (No space left on device); make room", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hand-dance", description="An instrument played with a hand in the air.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"hand-dance {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        name = command.__name__.rpartition(".")[2]
        says = (command.__doc__ or "").strip().splitlines()[0].rstrip(".")
        sub = commands.add_parser(
            name, help=says[0].lower() + says[1:], description=command.__doc__, allow_abbrev=False
        )
        sub.add_argument("--state", metavar="DIR", help="folder of sessions, outbox and models")
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


# Flags that set a configuration value, by their name among the arguments.
_FLAGS: Final = {
    "state": ("paths", "state"),
    "camera": ("camera", "source"),
    "audio": ("sound", "audio"),
    "patch": ("sound", "patch"),
    "delay_ms": ("sound", "delay_ms"),
    "backing_db": ("sound", "backing_db"),
    "metronome": ("sound", "metronome"),
    "metronome_db": ("sound", "metronome_db"),
    "guide": ("sound", "guide"),
    "song": ("play", "song"),
    "player": ("play", "player"),
    "address": ("play", "address"),
    "language": ("play", "language"),
    "hand": ("play", "hand"),
    "fit_reach": ("play", "fit_reach"),
    "scale": ("play", "scale"),
    "articulation": ("play", "articulation"),
    "tempo_percent": ("play", "tempo_percent"),
    "from_bar": ("play", "from_bar"),
    "to_bar": ("play", "to_bar"),
    "loop": ("play", "loop"),
    "tempo_step": ("play", "tempo_step"),
    "seconds": ("play", "seconds"),
    "players": ("play", "players"),
    "marks": ("play", "marks"),
}

"""Install another release of the program beside this one, and go back by itself where it is not as well."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_py.config import Config

if TYPE_CHECKING:
    from firmware_py.box.releases import Releases


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be asked for."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", metavar="FILE", type=Path, help="a package: make package makes one")
    what.add_argument("--back", action="store_true", help="go back to the release before this one")
    what.add_argument("--list", action="store_true", help="the releases here, and how the last update ended")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.epilog = (
        "The package is checked, installed beside what runs, started when nobody plays, and watched; what ran before "
        "runs again if it is not ready, does not stay up, or the doctor finds worse. Ends with 0 where the release was "
        "kept, 1 where it was taken back or could not be installed, 2 where the package is refused. A package called "
        "hand-dance-update.zip on the boot partition is installed by itself at the next start."
    )


def run(args: argparse.Namespace, _config: Config) -> int:
    """Ask for it, wait until it has ended, and say how."""
    from firmware_py.box.outcome import Result, last_outcome
    from firmware_py.box.releases import Releases
    from firmware_py.errors import UpdateError, UsageError

    releases = Releases()
    if args.list:
        _show(releases, json_wanted=args.json)
        return 0
    if os.geteuid() != 0:
        raise UsageError("an update changes this machine and needs root; run: sudo hand-dance update …")
    if not releases.current():
        raise UsageError(f"there is no release in {releases.place} to update; install one first: sudo make install")
    before = last_outcome()
    _leave(releases, args.file)
    if not args.json:
        print("Under way; it ends by itself even if this is closed. What it says: journalctl -fu hand-dance-update")
        sys.stdout.flush()
    done = subprocess.run(["systemctl", "start", "hand-dance-update.service"], stdin=subprocess.DEVNULL)
    outcome = last_outcome()
    if outcome is None or outcome == before:
        raise UpdateError(
            f"the update was not made (systemctl ended with {done.returncode}); see journalctl -u hand-dance-update"
        )
    if args.json:
        print(json.dumps(vars(outcome)))
    elif outcome.result is Result.KEPT:
        print(outcome.says)
    else:
        print(f"hand-dance: {outcome.says}", file=sys.stderr)
    return {Result.KEPT: 0, Result.REFUSED: 2}.get(outcome.result, 1)


def _leave(releases: "Releases", file: Path | None) -> None:
    """Leave the package, or the wish to go back, where root's unit looks for it."""
    from firmware_py.box.update import BACK, PACKAGE
    from firmware_py.errors import UpdateError, UsageError

    if file is not None and not file.is_file():
        raise UsageError(f"there is no file {file}; name the package that make package made")
    try:
        releases.incoming.mkdir(mode=0o700, exist_ok=True)
        if file is None:
            (releases.incoming / BACK).touch()
        else:
            part = releases.incoming / "part"
            shutil.copyfile(file, part)
            part.replace(releases.incoming / PACKAGE)
    except OSError as error:
        raise UpdateError(f"{releases.incoming} cannot be written ({error.strerror}); make room") from error


def _show(releases: "Releases", *, json_wanted: bool) -> None:
    from firmware_py.box.outcome import last_outcome

    current, trial, outcome = releases.current(), releases.trial(), last_outcome(releases.place)
    if json_wanted:
        told = {"current": current, "trial": trial is not None, "releases": releases.all()}
        print(json.dumps({**told, "last": vars(outcome) if outcome else None}, indent=2))
        return
    for name in releases.all():
        state = ("on trial" if trial else "runs") if name == current else ""
        print(f"{name}  {state}".rstrip())
    print(f"last update, {outcome.at}: {outcome.says}" if outcome else "no update yet")

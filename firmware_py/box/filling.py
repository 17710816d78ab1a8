"""Fills a release's folder from checked wheels: a virtual environment beside the system's packages, without network."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from firmware_py.errors import UpdateError

log: Final = logging.getLogger(__name__)
_FILL_S: Final = 30 * 60.0  # the slowest card and board
_UNITS: Final = "lib/python{}.{}/site-packages/firmware_py/systemd"


def fill(folder: Path, wheels: Path) -> None:
    """Make the environment in an empty folder; raises UpdateError with what pip says where it cannot be made."""
    base = Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info[:2]))
    _run([str(base), "-I", "-m", "venv", "--system-site-packages", str(folder)])
    ours = sorted(wheels.glob("hand_dance-*.whl"))
    if len(ours) != 1:
        raise UpdateError(f"the package holds {len(ours)} wheels of hand_dance and needs one; make it again")
    pip = [str(folder / "bin/python"), "-I", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install"]
    _run([*pip, "--quiet", "--no-index", "--find-links", str(wheels), f"{ours[0]}[pi]"])
    (folder / "systemd").symlink_to(_UNITS.format(*sys.version_info[:2]))
    if not (folder / "systemd/hand-dance.service").is_file() or not (folder / "bin/hand-dance").is_file():
        raise UpdateError("the package holds a program without its units or its command; make it again: make package")


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_FILL_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UpdateError(f"the release cannot be installed ({error}); make room, and try again") from None
    if done.returncode:
        log.error("%s", done.stderr.strip())
        last = (done.stderr.strip() or done.stdout.strip() or "no reason was given").splitlines()[-1]
        raise UpdateError(f"the release cannot be installed ({last}); the journal says more")

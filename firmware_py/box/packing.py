"""Makes the package of an update from a folder of wheels: ``python -m firmware_py.box.packing WHEELS KEY TO``.

For who builds releases, by ``make package``: on a machine of the kind and the Python that the box has. Reading one is
``package``'s, which this asks to read what it made.
"""

import hashlib
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from firmware_py.box.package import MACHINE, MANIFEST, PYTHON, SIGNATURE, Manifest, Wheel, unpack
from firmware_py.box.signature import SIGNERS, public_half, sign
from firmware_py.errors import HandDanceError, UpdateError


def pack(wheels: Path, key: Path, to: Path, now: datetime | None = None) -> Path:
    """Make a package in the folder ``to`` and return its path; raises UpdateError where it cannot be made.

    key: an SSH key that signs. now: in the release's name, the time by default.
    """
    files = sorted(wheels.glob("*.whl"))
    ours = [file.name.split("-")[1] for file in files if file.name.startswith("hand_dance-")]
    if len(ours) != 1:
        raise UpdateError(f"{wheels} holds {len(ours)} wheels of hand_dance and one is needed; empty it and begin anew")
    release = f"{ours[0]}-{now or datetime.now(UTC):%Y%m%d%H%M%S}"
    manifest = Manifest(release, MACHINE, PYTHON, tuple(_wheel(file) for file in files))
    content = manifest.as_bytes()
    signature = sign(content, key)
    to.mkdir(parents=True, exist_ok=True)
    path = to / f"hand-dance-{release}-{MACHINE}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as package:
        package.writestr(MANIFEST, content)
        package.writestr(SIGNATURE, signature)
        for file in files:
            package.write(file, file.name)
    with tempfile.TemporaryDirectory() as folder:  # as a box will
        signers = Path(folder, "signers")
        signers.write_text(f"hand-dance {public_half(key)}\n")
        unpack(path, Path(folder, "wheels"), signers)
    return path


def _wheel(file: Path) -> Wheel:
    with file.open("rb") as opened:
        return Wheel(file.name, file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())


def main(arguments: Sequence[str]) -> int:
    """Make one and say what a box needs to take it."""
    if len(arguments) != 3:
        print("give the folder of wheels, an SSH key, and where the package is to go", file=sys.stderr)
        return 2
    wheels, key, to = map(Path, arguments)
    try:
        path = pack(wheels, key, to)
        print(path, "A box takes it that trusts this key:", sep="\n")
        print(f"echo 'hand-dance {public_half(key)}' | sudo tee -a {SIGNERS}")
    except HandDanceError as error:
        print(f"make package: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

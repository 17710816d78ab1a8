"""Benchmarks: each measures its peers in the same run and prints JSON. Never part of the unit tests."""

from pathlib import Path

from firmware_py.errors import BenchError


def headers() -> Path:
    """The folder of ring.h and its sisters: in the installed package, else in the source tree.

    Raises
    ------
    BenchError
        Neither has them: the package is incomplete.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "include", package.parent / "ext" / "include"):
        if (folder / "ring.h").is_file():
            return folder
    raise BenchError(f"ring.h is neither in {package / 'include'} nor in ext/include: install hand-dance again")

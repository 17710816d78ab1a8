"""The headers through a Raspberry Pi's compiler, with the flags that the package is built with.

Debian 12's GCC for arm64 ends with an internal error on loops that the same GCC for x86-64 takes. Not here: running the
package there (``make test-arm64``).
"""

import ast
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOURCES = ("mask_test.c", "ring_alone.c", "ring_threads.c", "synth_alone.c")


def _flags_of_the_package() -> list[str]:
    """Return what setup.py gives any compiler, by the lists' own text."""
    lists = {
        str(each.targets[0].id): ast.literal_eval(each.value)
        for each in ast.parse((ROOT / "setup.py").read_text()).body
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name) and isinstance(each.value, ast.List)
    }
    return [*lists["WARNINGS"], *lists["OPTIMISE"]]


@pytest.mark.parametrize("source", SOURCES)
def test_the_compiler_of_a_raspberry_pi_takes_every_header_and_warns_of_nothing(tmp_path: Path, source: str) -> None:
    flags = [*_flags_of_the_package(), "-Werror", "-D_GNU_SOURCE", f"-I{ROOT / 'ext' / 'include'}"]
    command = ["aarch64-linux-gnu-gcc", *flags, "-c", str(HERE / source), "-o", str(tmp_path / "made.o")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr

"""The synthesis headers themselves: strict compilers and sanitizers."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HEADERS = HERE.parents[1] / "ext" / "include"
STRICT = ("-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", f"-I{HEADERS}")


@pytest.mark.parametrize(
    "flags",
    [("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"), ("-O3", "-fno-math-errno")],
    ids=["sanitized", "optimised"],
)
def test_every_rule_of_the_synthesis_headers_holds(tmp_path, flags):
    program = tmp_path / "synth_alone"
    command = ["gcc", *STRICT, *flags, HERE / "synth_alone.c", "-lm", "-o", program]
    subprocess.run(command, check=True, timeout=100)
    done = subprocess.run([program], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("header", sorted(path.name for path in HEADERS.glob("*.h")))
def test_every_header_stands_alone(tmp_path, header):
    source = tmp_path / "alone.c"
    source.write_text(f'#include "{header}"\n#include "{header}"\nint main(void) {{ return 0; }}\n')
    command = ["gcc", *STRICT, "-Wno-unused-function", "-fsyntax-only", source]
    subprocess.run(command, check=True, timeout=60)

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]


def built(tmp_path, *flags, source="mask_test.c"):
    program = tmp_path / "mask_test"
    command = ["gcc", "-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", *SANITIZERS, *flags]
    subprocess.run(
        [*command, f"-I{ROOT / 'ext' / 'include'}", str(ROOT / "tests" / "c" / source), "-o", str(program), "-lm"],
        check=True,
        timeout=100,
    )
    return program


def test_the_mask_stays_within_its_buffers_for_any_picture_and_pose(tmp_path):
    done = subprocess.run([built(tmp_path)], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "ok"


@pytest.mark.parametrize("fault", ["-DPLANT_SHORT_EVIDENCE", "-DPLANT_SHORT_SCRATCH"])
def test_the_sanitizers_would_catch_a_buffer_that_is_too_short(tmp_path, fault):
    done = subprocess.run([built(tmp_path, fault)], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr

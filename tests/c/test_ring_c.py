"""ring.h and seqlock.h themselves: strict compilers, sanitizers, and proof that the sanitizers would object."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HEADERS = HERE.parents[1] / "ext" / "include"
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-g", f"-I{HEADERS}", "-pthread")
# A 64-byte memcpy is expanded where the sanitizer does not look; as a call it is watched.
THREADS = ("-fsanitize=thread", "-fno-builtin-memcpy")
MEMORY = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
TSAN_REPORTED = 66

Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def compile_(source: str, *flags: str, compiler: str = "gcc", strict: tuple[str, ...] = STRICT) -> Path:
        program = tmp_path / "program"
        command = [compiler, *strict, *flags, str(HERE / source), "-o", str(program)]
        subprocess.run(command, check=True, timeout=60)
        return program

    return compile_


def run(program: Path, *, fixed_addresses: bool = False) -> subprocess.CompletedProcess[str]:
    # ThreadSanitizer needs its shadow where it expects it: no random addresses.
    prefix = ["setarch", "-R"] if fixed_addresses else []
    return subprocess.run([*prefix, str(program)], capture_output=True, text=True, timeout=60, check=False)


def test_two_threads_on_ring_and_cell_race_nowhere(build: Build) -> None:
    done = run(build("ring_threads.c", *THREADS), fixed_addresses=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("order", ["HD_RING_RELEASE", "HD_RING_ACQUIRE"])
def test_thread_sanitizer_objects_when_an_order_is_weakened(build: Build, order: str) -> None:
    done = run(build("ring_threads.c", *THREADS, f"-D{order}=memory_order_relaxed"), fixed_addresses=True)
    assert done.returncode == TSAN_REPORTED, done.stderr
    assert "data race" in done.stderr


def test_two_threads_on_ring_and_cell_stay_in_bounds(build: Build) -> None:
    done = run(build("ring_threads.c", *MEMORY))
    assert done.returncode == 0, done.stderr


def test_every_rule_of_one_thread_holds_in_bounds(build: Build) -> None:
    done = run(build("ring_alone.c", *MEMORY))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("optimise", ["-O2", "-O3"])
def test_every_rule_of_one_thread_holds_optimised(build: Build, optimise: str) -> None:
    done = run(build("ring_alone.c", optimise))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_the_headers_serve_cpp_as_they_are(build: Build, standard: str) -> None:
    strict = (f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", f"-I{HEADERS}")
    assert run(build("ring_from_cpp.cpp", compiler="g++", strict=strict)).returncode == 0


def test_a_record_is_handed_over_by_one_acquire_and_one_release_a_side(tmp_path: Path) -> None:
    # What every processor gets, arm64 too, is decided here: the compiler's own words before it picks instructions.
    source = tmp_path / "sides.c"
    source.write_text(
        '#include "ring.h"\n'
        "bool side_push(hd_ring *r, const void *p) { return hd_ring_push(r, p); }\n"
        "bool side_pop(hd_ring *r, void *p) { return hd_ring_pop(r, p); }\n"
    )
    subprocess.run(
        ["gcc", "-std=c11", "-O2", f"-I{HEADERS}", "-fdump-tree-optimized=sides.txt", "-c", source.name],
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    push, pop = (tmp_path / "sides.txt").read_text().split(";; Function side_pop")
    relaxed, acquire, release = "0", "2", "3"
    for side in (push, pop):
        loads = re.findall(r"__atomic_load_8 \(.*, (\d)\)", side)
        stores = re.findall(r"__atomic_store_8 \(.*, (\d)\)", side)
        assert set(loads) <= {relaxed, acquire}
        assert loads.count(acquire) == 1
        assert stores.count(release) == 1
        assert set(stores) <= {relaxed, release}

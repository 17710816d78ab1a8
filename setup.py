"""Builds the compiled parts: ``ext/*.pyx`` with the headers of ``ext/include`` into ``firmware_py._*``.

``HAND_DANCE_CHECKED=1`` turns Cython's bounds and None checks back on, for the tests.
"""

import os
import platform
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup

CHECKED = os.environ.get("HAND_DANCE_CHECKED") == "1"
HEADERS = sorted(str(p) for p in Path("ext/include").glob("*.h"))
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-unused-function"]
OPTIMISE = ["-O3", "-fno-math-errno", "-fno-trapping-math"]
if platform.machine() in ("x86_64", "AMD64"):
    OPTIMISE += ["-march=x86-64-v2"]


def extension(name: str, *flags: str) -> Extension:
    return Extension(
        f"firmware_py.{name}",
        [f"ext/{name}.pyx"],
        include_dirs=["ext/include"],
        depends=HEADERS,
        extra_compile_args=[*WARNINGS, *OPTIMISE, *flags],
    )


def extensions() -> list[Extension]:
    return [extension(Path(p).stem) for p in sorted(str(p) for p in Path("ext").glob("_*.pyx"))]


setup(
    packages=[*find_packages(include=["firmware_py", "firmware_py.*"]), "firmware_py.include", "firmware_py.systemd"],
    package_dir={"firmware_py.include": "ext/include", "firmware_py.systemd": "systemd"},
    package_data={
        "firmware_py": ["py.typed", "*.pyi", "*.pxd"],
        "firmware_py.include": ["*.h"],
        "firmware_py.systemd": ["*", "*/*"],
        "firmware_py.songs": ["*.toml"],
        "firmware_py.languages": ["*.po"],
        "firmware_py.sound": ["patches/*.toml"],
        "firmware_py.report": ["*.typ", "*.json", "fonts/*"],
        "firmware_py.bench": ["*.c", "*.cpp", "*.h"],
    },
    ext_modules=cythonize(
        extensions(),
        include_path=["ext", "."],
        compiler_directives={
            "language_level": 3,
            "boundscheck": CHECKED,
            "wraparound": False,
            "nonecheck": CHECKED,
            "initializedcheck": CHECKED,
            "cdivision": True,
            "embedsignature": True,
        },
    ),
)

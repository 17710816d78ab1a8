"""Every call of the Pi's camera adapter, checked by pyright against picamera2's own source: it cannot run here.

The source is fetched once into .cache (no build, and none of its parts for the Pi). That the check can fail is shown
by calls that are wrong on purpose.
"""

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

VERSION = "0.3.38"
ADAPTER = ROOT / "firmware_py" / "sight" / "picamera2_camera.py"
CLEAN = "as_it_is.py"
FETCH_S = 90

# what stands in the adapter, and what would be wrong in its place
WRONG = {
    "unknown_argument_to_open": ("Picamera2(number)", "Picamera2(camera=number)"),
    "unknown_static_method": ("Picamera2.global_camera_info()", "Picamera2.camera_infos()"),
    "unknown_property": ("self._camera.sensor_modes", "self._camera.modes"),
    "misspelt_stream": ("lores={", "lowres={"),
    "one_argument_too_many": ("configure(configuration)", "configure(configuration, True)"),
    "unknown_method": ("self._camera.stream_configuration(name)", "self._camera.stream_config(name)"),
    "controls_called": ("= self._camera.camera_controls", "= self._camera.camera_controls()"),
    "unknown_argument_to_capture": ("capture_request(wait=False)", "capture_request(block=False)"),
    "job_not_waited_for": ("self._camera.wait(job, timeout=WAIT_S)", "job"),
    "misspelt_timeout": ("timeout=WAIT_S", "time_out=WAIT_S"),
    "metadata_not_got": ("request.get_metadata()", "request.metadata()"),
    "request_freed": ("request.release()", "request.free()"),
    "unknown_argument_to_map": ("write=False", "readonly=True"),
    "unchecked_array": ("if mapped.array is None:", "if mapped.array == 0:"),
    "misspelt_controls": ("self._camera.set_controls(free", "self._camera.set_control(free"),
    "started_with_nonsense": ("self._camera.start()", "self._camera.start(preview=False)"),
}


@pytest.fixture(scope="module")
def picamera2_source() -> Path:
    """The folder that holds picamera2's package, fetched once."""
    cache = ROOT / ".cache"
    place = cache / f"picamera2-{VERSION}"
    if not (place / "picamera2" / "picamera2.py").is_file():
        cache.mkdir(exist_ok=True)
        fetched = subprocess.run(
            [sys.executable, "-m", "pip", "download", f"picamera2=={VERSION}", "--no-deps", "--no-binary", "picamera2",
             "--dest", cache, "--quiet", "--no-input", "--disable-pip-version-check"],
            capture_output=True, text=True, timeout=FETCH_S, check=False,
        )  # fmt: skip
        if fetched.returncode:
            pytest.skip(
                f"picamera2's source could not be fetched, which needs the network once: {fetched.stderr[-300:]}"
            )
        with tarfile.open(cache / f"picamera2-{VERSION}.tar.gz") as archive:
            archive.extractall(cache, filter="data")
    return place


@pytest.fixture(scope="module")
def errors(picamera2_source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What pyright finds wrong in the adapter, and in each copy of it that is wrong on purpose, by file."""
    place = tmp_path_factory.mktemp("calls")
    text = ADAPTER.read_text()
    (place / CLEAN).write_text(text)
    for name, (right, wrong) in WRONG.items():
        assert right in text, f"{right!r} is no longer in the adapter; give {name} something else to spoil"
        (place / f"{name}.py").write_text(text.replace(right, wrong))
    config = {
        "extraPaths": [str(picamera2_source), str(ROOT)],
        "typeCheckingMode": "standard",
        "reportMissingImports": "error",
        "pythonVersion": "3.11",
    }
    (place / "pyrightconfig.json").write_text(json.dumps(config))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--project", place, "--pythonpath", sys.executable, "--outputjson"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr[-1000:] + done.stdout[-1000:]
    found: dict[str, list[str]] = {path.name: [] for path in place.glob("*.py")}
    for told in json.loads(done.stdout)["generalDiagnostics"]:
        if told["severity"] == "error":
            line = told["range"]["start"]["line"] + 1
            found[Path(told["file"]).name].append(f"line {line}: {told['message']}")
    return found


def test_the_adapter_calls_picamera2_as_its_source_says(errors: dict[str, list[str]]) -> None:
    assert errors[CLEAN] == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_caught(name: str, errors: dict[str, list[str]]) -> None:
    assert errors[f"{name}.py"] != []

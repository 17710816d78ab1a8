"""What the rigs of a real-time sound device need of a machine; a skip names what is missing, and fails in CI."""

import ctypes.util
import importlib.util
import shutil
from pathlib import Path

import pytest

_NEEDED = {
    "pulseaudio": shutil.which("pulseaudio"),
    "pulseaudio-utils": shutil.which("parec"),
    "libasound2": ctypes.util.find_library("asound"),
    "libasound2-plugins": any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")),
    "pyalsaaudio (pip)": importlib.util.find_spec("alsaaudio"),
}
_MISSING = [package for package, found in _NEEDED.items() if not found]

sound_server = pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {', '.join(_MISSING)}")
"""For tests that play to a PulseAudio null sink through ALSA."""

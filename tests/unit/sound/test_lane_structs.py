"""The C structs of session_lanes.h and the dtypes of lanes.py are the same bytes."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware_py.hand_sample import HAND, HAND_SAMPLE, Flag
from firmware_py.lanes import (
    ARRIVALS,
    ARRIVALS_KEPT,
    BLOCK_FRAMES,
    CONTROL,
    MIC_BLOCK,
    MIC_FRAMES,
    STATUS,
    STATUS_DEVICE_LOST,
    STATUS_ENDED,
    STATUS_LOCKED,
    STATUS_READY,
    STATUS_REALTIME,
    TAPE_BLOCK,
)

INCLUDE = Path(__file__).parents[3] / "ext" / "include"
STRUCTS = {
    "hd_hand": HAND,
    "hd_hand_sample": HAND_SAMPLE,
    "hd_control": CONTROL,
    "hd_status": STATUS,
    "hd_tape_block": TAPE_BLOCK,
    "hd_arrivals": ARRIVALS,
}
CONSTANTS = {
    "HD_TAPE_FRAMES": BLOCK_FRAMES,
    "HD_ARRIVALS_KEPT": ARRIVALS_KEPT,
    "hd_mic_block": MIC_BLOCK,
}
CONSTANTS = {
    "HD_TAPE_FRAMES": BLOCK_FRAMES,
    "HD_MIC_FRAMES": MIC_FRAMES,
    "HD_PRESENT": Flag.PRESENT,
    "HD_SECOND_HAND": Flag.SECOND_HAND,
    "HD_CAMERA_LOST": Flag.CAMERA_LOST,
    "HD_SAMPLES_ENDED": Flag.ENDED,
    "HD_STATUS_READY": STATUS_READY,
    "HD_STATUS_REALTIME": STATUS_REALTIME,
    "HD_STATUS_LOCKED": STATUS_LOCKED,
    "HD_STATUS_DEVICE_LOST": STATUS_DEVICE_LOST,
    "HD_STATUS_ENDED": STATUS_ENDED,
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Offsets and values as the C compiler sees them, by name."""
    lines = [f'printf("{name} %d\\n", (int){name});' for name in CONSTANTS]
    for struct, dtype in STRUCTS.items():
        lines.append(f'printf("{struct} %zu\\n", sizeof({struct}));')
        for field in dtype.names or ():
            lines.append(f'printf("{struct}.{field} %zu\\n", offsetof({struct}, {field}));')
            lines.append(f'printf("{struct}.{field}:size %zu\\n", sizeof((({struct} *)0)->{field}));')
    folder = tmp_path_factory.mktemp("structs")
    source = '#include <stdio.h>\n#include "session_lanes.h"\nint main(void) {\n' + "\n".join(lines) + "\n}\n"
    (folder / "structs.c").write_text(source)
    program = folder / "structs"
    subprocess.run(["gcc", "-std=c11", f"-I{INCLUDE}", folder / "structs.c", "-o", program], check=True, timeout=60)
    out = subprocess.run([program], check=True, capture_output=True, text=True, timeout=10).stdout
    return {name: int(value) for name, value in (line.split() for line in out.splitlines())}


@pytest.mark.parametrize("struct", STRUCTS)
def test_sizes_and_offsets_agree(compiled, struct):
    dtype = STRUCTS[struct]
    assert compiled[struct] == dtype.itemsize
    for name, (inner, offset, *_) in (dtype.fields or {}).items():
        assert compiled[f"{struct}.{name}"] == offset, name
        assert compiled[f"{struct}.{name}:size"] == np.dtype(inner).itemsize, name


def test_constants_agree(compiled):
    assert {name: compiled[name] for name in CONSTANTS} == {name: int(value) for name, value in CONSTANTS.items()}

"""Whatever a patch file holds, it is a patch or one sentence; and whatever a patch asks for, it plays within bounds."""

import dataclasses
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from firmware_py._synth import Engine, PitchMap
from firmware_py.errors import PatchError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.mapping import Mapping
from firmware_py.sound.patches import MOST_PARTIALS, SHIPPED, Patch, read_patch

TEXTS = [path.read_bytes() for path in sorted(SHIPPED.glob("*.toml"))]
FIELDS = [field for field in dataclasses.fields(Patch) if "where" in field.metadata]
KEYS = [field.metadata["where"] for field in FIELDS] + ["title", "says", "tone", "tone.tone", "level", "x"]
VALUES = (
    *(
        "0",
        "-1",
        "1e9",
        "nan",
        "-inf",
        "0x7f",
        "0b1",
        "1_0",
        "true",
        "0.5",
        "3",
        "-14.0",
        "9" * 5000,
        "0x" + "f" * 5000,
    ),
    *('""', '"saw"', '"ah"', "'\\'", '"\\u0000"', '"""', "'''", "1979-05-27T07:32:00Z", "07:32:00", "=", ""),
    *("[]", "[0.5, 1]", "[[1]]", "{}", "{a = 1}", "[" * 2000),
)
RATE_HZ = 48_000
T0_NS, DELAY_NS = 1_000_000_000_000, 60_000_000
FREE = Mapping(low=24.0, high=108.0, quantise=0.0, glide_s=0.0)


def _patch_or_sentence(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        patch = read_patch(path)
    except PatchError as error:
        says = str(error)
        assert says.startswith(str(path))
        assert len(says) < 2000
        assert says.count("\n") == 0
        return
    assert patch.name == path.stem
    for field in FIELDS:
        value = getattr(patch, field.name)
        if "least" in field.metadata:
            numbers = value if isinstance(value, tuple) else (value,)
            assert all(field.metadata["least"] <= number <= field.metadata["most"] for number in numbers)
    assert 1 <= len(patch.partials) <= MOST_PARTIALS
    assert tomllib.loads(content.decode("utf-8-sig")), "read what is no TOML"


@st.composite
def _damaged(draw):
    """A shipped patch, with bytes changed, taken out, put in and doubled."""
    content = bytearray(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        match draw(st.integers(0, 4)):
            case 0:
                content[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case 1:
                del content[at : at + draw(st.integers(1, 30))]
            case 2:
                content[at:at] = draw(st.binary(max_size=8))
            case 3:
                content[at:at] = content[at : at + draw(st.integers(1, 90))]
            case 4:
                content[at:at] = draw(st.sampled_from(("\n", "=", "[", "]", "#", "\r", "\0", "é", "\ufeff"))).encode()
    return bytes(content)


_BARE = [key.rpartition(".")[2] for key in KEYS]
_SECTIONS = [key.partition(".")[0] for key in KEYS] + ["'tone'", "a.b", "[tone]", ""]
_LINES = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(KEYS + _BARE), st.sampled_from(VALUES)),
    st.builds("[{}]".format, st.sampled_from(_SECTIONS)),
    st.text(max_size=20),
)
_WRITTEN = st.lists(_LINES, max_size=12).map(lambda lines: "\n".join(lines).encode(errors="surrogatepass"))


@pytest.mark.parametrize(
    "contents", [st.binary(max_size=400), _damaged(), _WRITTEN], ids=["any bytes", "damaged", "written"]
)
def test_any_file_is_a_patch_or_one_sentence(fuzz, contents, tmp_path):
    fuzz(contents, lambda content: _patch_or_sentence(tmp_path / "any.toml", content))


def _value(field):
    if choices := field.metadata.get("choices"):
        return st.sampled_from(choices)
    least, most = field.metadata["least"], field.metadata["most"]
    number = st.floats(least, most) | st.sampled_from((float(least), float(most)))
    if field.name == "unison":
        return st.integers(int(least), int(most)).map(float)
    if field.name == "partials":
        return st.lists(number, min_size=1, max_size=MOST_PARTIALS).filter(lambda found: max(found) >= 0.01).map(tuple)
    return number


_PATCHES = st.builds(
    Patch, name=st.just("any"), title=st.just(""), says=st.just(""), **{field.name: _value(field) for field in FIELDS}
)


def _played(patch: Patch) -> None:
    """A note, leaps over seven octaves, a flicker, a long note, then silence for as long as release and room ask."""
    pitches = [40.0] * 12 + [108.0, 24.0] * 6 + [None, 69.0] * 6 + [60.0] * 20
    samples = np.zeros(len(pitches), HAND_SAMPLE)
    samples["t_capture_ns"] = T0_NS - DELAY_NS + np.arange(len(pitches)) * 16_666_667
    samples["flags"] = [0 if pitch is None else Flag.PRESENT for pitch in pitches]
    samples["hands"]["area"][:, 0] = [FREE.area_of(pitch or 60.0) for pitch in pitches]
    samples["hands"]["openness"][:, 0] = [n % 2 for n in range(len(pitches))]
    samples["hands"]["y"][:, 0] = [n // 2 % 2 for n in range(len(pitches))]
    echoes = math.log(1e-4) / math.log(max(patch.echo_feedback, 1e-3)) * patch.echo_ms / 1000 if patch.echo_wet else 0.0
    rings_s = patch.release_ms / 1000 * 1.5 + 2 * patch.room_seconds + patch.echo_ms / 1000 + echoes
    held = round((len(pitches) / 60 + 0.3) * RATE_HZ)
    engine = Engine(
        rate_hz=RATE_HZ, delay_ns=DELAY_NS, pitch_map=PitchMap(FREE), patch=patch, samples=samples.view(np.uint8)
    )
    frames = held + round(min(rings_s, 8.0) * RATE_HZ)
    engine.play(t0_ns=T0_NS, frames=frames)
    sound = np.zeros((frames, 2), np.int16)
    assert engine.advance(frames, sound) == frames
    assert engine.ended
    assert np.abs(sound.astype(np.int32)).max() < 32_700
    if rings_s < 8.0:
        assert np.abs(sound[-4800:].astype(np.int32)).max() <= 4
    assert abs(sound[:held].mean()) < 700


def test_any_patch_within_its_ranges_plays_in_bounds_and_ends(fuzz):
    fuzz(_PATCHES, _played)

"""What the tests of this room share: the published schema of MusicXML, and sessions played by a simulated hand."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import xmlschema

from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.config import PlaySettings
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.note import Note
from firmware_py.music.songs_library import FREE_PLAY, load_song, mapping_for

T0_NS = 5_000_000_000
FRAMES_PER_S = 60
DELAY_S = 0.06
START_S = 2.0


def _schema(package: str, path: str) -> xmlschema.XMLSchema:
    """Return the schema of MusicXML that a package ships; the package itself is not imported."""
    found = importlib.util.find_spec(package)
    assert found is not None, f"{package} is a development dependency: pip install hand-dance[dev]"
    own = Path(xmlschema.__file__).parent / "schemas"
    return xmlschema.XMLSchema(
        Path(found.submodule_search_locations[0]) / path,
        locations={
            "http://www.w3.org/XML/1998/namespace": str(own / "XML/xml.xsd"),
            "http://www.w3.org/1999/xlink": str(own / "XLINK/xlink.xsd"),
        },
        allow="local",
    )


@pytest.fixture(scope="session")
def musicxml_schema() -> xmlschema.XMLSchema:
    """The schema of MusicXML 3.1, which older notation programs know."""
    return _schema("partitura", "assets/musicxml.xsd")


@pytest.fixture(scope="session")
def musicxml_4_schema() -> xmlschema.XMLSchema:
    """The schema of MusicXML 4.0, which the documents say that they are."""
    return _schema("musicxml", "generate_classes/musicxml_4_0.xsd")


@pytest.fixture
def session_of(tmp_path: Path) -> Callable[..., SessionFolder]:
    """Make a session folder in which a hand plays notes, each let go 60 ms before its end.

    song: a shipped song or ``free``. notes: None plays the song's own melody; otherwise seconds from its first bar
    line.
    """

    def make(
        song: str = "ode-to-joy", notes: Sequence[Note] | None = None, *, seconds: float | None = None, **record: object
    ) -> SessionFolder:
        piece = None if song == FREE_PLAY else load_song(song)
        mapping = mapping_for(piece, PlaySettings())
        if notes is None:
            assert piece is not None
            notes = piece.melody_at(0.0)
        if seconds is None:
            seconds = START_S + (piece.seconds(piece.end) if piece else max((n.end_s for n in notes), default=0.0))
        samples = np.zeros(round(seconds * FRAMES_PER_S), HAND_SAMPLE)
        at_s = np.arange(len(samples)) / FRAMES_PER_S
        samples["t_capture_ns"] = T0_NS + np.round(at_s * 1e9).astype(np.uint64)
        samples["t_publish_ns"] = samples["t_capture_ns"] + 8_000_000
        samples["frame"] = np.arange(len(samples))
        for note in notes:
            held = (at_s >= START_S + note.onset_s) & (at_s < START_S + note.end_s - 0.06)
            samples["flags"][held] = Flag.PRESENT
            samples["hands"][held, 0] = (mapping.area_of(note.pitch), 0.5, 0.4, 0.8, 0.9)
        fields = {
            "started_utc": "2026-11-21T10:20:30Z", "song": song, "patch": "air", "player": "Ada", "camera": "ghost",
            "audio": "offline", "mapping": mapping, "t0_ns": T0_NS, "rate_hz": 48_000, "song_start_s": START_S,
            "delay_s": DELAY_S, "tempo_bpm": piece.tempo_bpm if piece else 100.0, "seconds": seconds, "end": "song",
        }  # fmt: skip
        folder = SessionFolder.create(tmp_path / "sessions", SessionRecord(**{**fields, **record}))
        folder.write_whole(SessionFolder.SAMPLES, samples.tobytes())
        return folder

    return make

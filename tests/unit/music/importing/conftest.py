import pytest

from firmware_py.music.importing.reading import read_foreign


@pytest.fixture
def read(tmp_path):
    """Write bytes as a file and read them as a song."""

    def reading(content: bytes, name: str = "file", **how):
        path = tmp_path / name
        path.write_bytes(content)
        return read_foreign(path, **how)

    return reading

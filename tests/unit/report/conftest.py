"""What the tests of this room share: the published schema of MusicXML."""

import importlib.util
from pathlib import Path

import pytest
import xmlschema


@pytest.fixture(scope="session")
def musicxml_schema() -> xmlschema.XMLSchema:
    """The MusicXML 3.1 schema as partitura ships it; the package itself is not imported."""
    partitura = importlib.util.find_spec("partitura")
    assert partitura is not None, "partitura is a development dependency: pip install hand-dance[dev]"
    own = Path(xmlschema.__file__).parent / "schemas"
    return xmlschema.XMLSchema(
        Path(partitura.submodule_search_locations[0]) / "assets/musicxml.xsd",
        locations={
            "http://www.w3.org/XML/1998/namespace": str(own / "XML/xml.xsd"),
            "http://www.w3.org/1999/xlink": str(own / "XLINK/xlink.xsd"),
        },
        allow="local",
    )

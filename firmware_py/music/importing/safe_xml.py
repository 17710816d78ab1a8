"""XML from strangers: no entities of its own, nothing fetched, bounded in size, depth and number of elements.

Not here: what the elements mean (``musicxml_reading``), and zip files (``mxl``).
"""

from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from firmware_py.errors import SongError

MOST_BYTES: Final = 16_000_000
MOST_ELEMENTS: Final = 600_000
DEEPEST: Final = 60


class _RefusedError(Exception):
    """What a handler found; expat passes it through."""


def parse_xml(raw: bytes, source: str, skipped: frozenset[str] = frozenset()) -> Element:
    """Return the root of an XML document, its elements in ``skipped`` left out with all that they hold.

    A document type that names a file elsewhere is allowed, as MusicXML has one, and never fetched. Raises SongError
    with line and column.
    """
    if len(raw) > MOST_BYTES:
        raise SongError(
            f"{source}: {len(raw) / 1e6:.0f} MB of XML is more than a song has; at most {MOST_BYTES // 10**6}"
        )
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = count = 0
    skipping = 0  # the depth at which it began

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count, skipping
        depth += 1
        count += 1
        if depth > DEEPEST:
            raise _RefusedError(f"elements are nested more than {DEEPEST} deep")
        if count > MOST_ELEMENTS:
            raise _RefusedError(f"it has more than {MOST_ELEMENTS} elements")
        if not skipping and tag in skipped:
            skipping = depth
        if not skipping:
            builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth, skipping
        if not skipping:
            builder.end(tag)
        elif skipping == depth:
            skipping = 0
        depth -= 1

    def text(data: str) -> None:
        if not skipping:
            builder.data(data)

    def entity(*_: object) -> None:
        raise _RefusedError("it declares entities, which music does not need")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = entity
    parser.UnparsedEntityDeclHandler = entity
    try:
        parser.Parse(raw, True)
        return builder.close()
    except _RefusedError as error:
        raise SongError(f"{source}, line {parser.CurrentLineNumber}: {error}; export it again") from None
    except expat.ExpatError as error:
        raise SongError(
            f"{source}, line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}; "
            "export it again"
        ) from error
    except (AssertionError, ValueError, LookupError) as error:
        raise SongError(f"{source}, line {parser.CurrentLineNumber}: this cannot be read as XML ({error})") from error

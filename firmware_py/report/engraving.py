"""The engraved score: MusicXML through verovio, one SVG for each system, flattened so that typst draws all of it.

Verovio's own SVG nests a second <svg>, styles by CSS and draws invisible placeholders; here it becomes plain paths.
Verdicts change a note head's colour and shape. Not here: what stands on the page around the systems (``page``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from firmware_py.errors import ReportError
from firmware_py.report.looks import Look, head_svg
from firmware_py.report.memory import give_memory_back
from firmware_py.report.musicxml import musicxml_of
from firmware_py.report.sheet import Sheet

WIDTH_MM: Final = 182.0  # of a system
MOST_SYSTEMS: Final = 6  # that the first page has room for
MOST_COLUMNS: Final = 38  # places with a note or rest that a system can hold legibly
STAFF_MM: Final = (
    (2, 20, 6.6),
    (4, 30, 5.8),
    (5, 40, 5.2),
)  # at most so many systems, columns in each: a staff's height
SMALLEST_STAFF_MM: Final = 4.8

_SVG: Final = "{http://www.w3.org/2000/svg}"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_INK: Final = "#111111"
_STAFF_UNITS: Final = 72  # verovio's staff height in the units of its pageWidth
_BLACK_HEADS: Final = "E0A4"
_OPTIONS: Final = {
    "adjustPageHeight": True,
    "breaks": "encoded",
    "font": "Leipzig",
    "footer": "none",
    "header": "none",
    "justifyVertically": False,
    "mnumInterval": 0,
    "pageHeight": 2000,
    "pageMarginBottom": 0,
    "pageMarginLeft": 30,
    "pageMarginRight": 4,
    "pageMarginTop": 30,
    "scale": 100,
    "spacingStaff": 7,
    "svgViewBox": True,
    "xmlIdSeed": 1,
}


@dataclass(frozen=True)
class System:
    """One line of music: its SVG, its size on paper and the bars it holds, numbered from 0, last one excluded."""

    svg: str
    width_mm: float
    height_mm: float
    first_bar: int
    end_bar: int


def engrave(sheet: Sheet, looks: Mapping[str, Look], *, largest_staff_mm: float = STAFF_MM[0][2]) -> tuple[System, ...]:
    """Return the systems of a sheet. looks: by the name of a note (``Staff.piece_id``), all its pieces.

    largest_staff_mm: a staff's height on paper is at most this, however little music there is.

    Raises ReportError where verovio refuses the sheet.
    """
    import verovio

    starts = system_starts(sheet)
    verovio.enableLog(verovio.LOG_OFF)
    engraver = verovio.toolkit()
    engraver.setOptions(dict(_OPTIONS))
    engraver.setOptions({"pageWidth": round(_STAFF_UNITS * WIDTH_MM / min(largest_staff_mm, staff_mm(sheet, starts)))})
    short = len(starts) > 1 and (sheet.bars - starts[-1]) * 2 <= starts[1]
    engraver.setOptions({"minLastJustification": 1.0 if short else 0.0})
    music = musicxml_of(sheet, pages_at=frozenset(starts[1:]), tempo=False)
    if not engraver.loadData(music.decode()) or engraver.getPageCount() != len(starts):
        raise ReportError(
            "verovio could not engrave this session's notes; notes.musicxml and notes.mid still hold them"
        )
    ends = [*starts[1:], sheet.bars]
    systems = tuple(
        _system(engraver.renderToSVG(page), looks, first, end)
        for page, (first, end) in enumerate(zip(starts, ends, strict=True), 1)
    )
    del engraver
    give_memory_back()
    return systems


def system_starts(sheet: Sheet) -> list[int]:
    """Return the first bar of each system: four bars each, more to come on one page, but never illegibly many.

    An upbeat counts with the bar after it, and a last bar does not stand alone.
    """
    columns = _columns(sheet)
    upbeat = 1 if sheet.upbeat else 0
    whole = sheet.bars - upbeat
    per_system = next((n for n in (4, 6, 8) if -(-whole // n) <= MOST_SYSTEMS), 4)
    starts, held = [0], 0
    for bar, width in enumerate(columns):
        full = bar - upbeat > 0 and (bar - upbeat) % per_system == 0 and sheet.bars - bar > 1
        if bar > starts[-1] and (full or held + width > MOST_COLUMNS):
            starts.append(bar)
            held = 0
        held += width
    return starts


def staff_mm(sheet: Sheet, starts: list[int]) -> float:
    """Return the height of a staff on paper: large where there is little music, so that the page is well filled."""
    columns = _columns(sheet)
    widest = max(sum(columns[a:b]) for a, b in zip(starts, [*starts[1:], sheet.bars], strict=True))
    systems = len(starts) * len(sheet.staves) / 2
    return next((mm for most, width, mm in STAFF_MM if systems <= most and widest <= width), SMALLEST_STAFF_MM)


def _columns(sheet: Sheet) -> list[int]:
    """Return in how many places each bar has a note or a rest."""
    return [len({p.offset for bar in bars for p in bar}) for bars in zip(*sheet.written, strict=True)]


def _system(svg: str, looks: Mapping[str, Look], first: int, end: int) -> System:
    root = ElementTree.fromstring(svg)  # noqa: S314 - verovio's own output, made a moment ago
    _, _, width, height = (float(v) for v in root.attrib["viewBox"].split())
    inner = root.find(f"{_SVG}svg")
    definitions = root.find(f"{_SVG}defs")
    if inner is None or definitions is None:
        raise ReportError(
            "this version of verovio draws its pages in a way that is not known here; install verovio 4.3 to 6.x"
        )
    inner_width = float(inner.attrib["viewBox"].split()[2])
    glyphs = {g.attrib["id"]: g for g in definitions if g.tag == f"{_SVG}g"}
    used: dict[str, str] = {}
    body: list[str] = []
    _flatten(inner, looks, None, used, body)
    defs = "".join(_glyph(name, glyphs[original]) for original, name in used.items() if original in glyphs)
    content = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"><defs>{defs}</defs>'
        f'<g transform="scale({width / inner_width:.6g})" fill="{_INK}">{"".join(body)}</g></svg>'
    )
    return System(content, WIDTH_MM, WIDTH_MM * height / width, first, end)


def _glyph(name: str, group: ElementTree.Element) -> str:
    path = group.find(f"{_SVG}path")
    if path is None:
        return ""
    return f'<path id="{name}" transform="{path.get("transform", "")}" d="{path.get("d", "")}"/>'


def _flatten(
    element: ElementTree.Element, looks: Mapping[str, Look], look: Look | None, used: dict[str, str], body: list[str]
) -> None:
    """Append the drawing of an element's children as plain SVG."""
    for child in element:
        tag = child.tag.removeprefix(_SVG)
        kind = child.get("class", "").split()
        if "placeholder" in kind or tag in ("desc", "title", "style"):
            continue
        if tag == "g":
            own = looks.get(child.get("id", "").split("-")[0], look) if "note" in kind else look
            if "notehead" in kind and own is not None:
                _head(child, own, used, body)
                continue
            move = child.get("transform")
            if move:
                body.append(f'<g transform="{move}">')
            _flatten(child, looks, own, used, body)
            if move:
                body.append("</g>")
        elif tag == "use":
            body.append(_use(child, used, _INK))
        elif tag in ("path", "polygon", "polyline", "rect", "ellipse"):
            body.append(_shape(tag, child))
        elif tag == "text":
            body.append(_words(child))


def _use(element: ElementTree.Element, used: dict[str, str], colour: str) -> str:
    original = (element.get(_HREF) or element.get("href") or "").removeprefix("#")
    name = used.setdefault(original, original.split("-")[0])
    fill = "" if colour == _INK else f' fill="{colour}"'
    return f'<use xlink:href="#{name}" transform="{element.get("transform", "")}"{fill}/>'


def _head(group: ElementTree.Element, look: Look, used: dict[str, str], body: list[str]) -> None:
    for element in group.iter(f"{_SVG}use"):
        place = re.match(r"translate\(\s*([-\d.]+)[ ,]+([-\d.]+)", element.get("transform", ""))
        glyph = (element.get(_HREF) or element.get("href") or "").removeprefix("#")
        if look.head and place:
            hollow = not glyph.startswith(_BLACK_HEADS)
            body.append(head_svg(look, float(place[1]), float(place[2]), hollow=hollow))
        else:
            body.append(_use(element, used, look.colour))


def _shape(tag: str, element: ElementTree.Element) -> str:
    kept = {k: v for k, v in element.attrib.items() if k not in ("id", "class", "style", "color")}
    if tag in ("path", "rect", "polyline", "ellipse") and "stroke-width" in kept:
        kept.setdefault("stroke", _INK)
    if tag == "polyline":
        kept.setdefault("fill", "none")
    for name in ("stroke", "fill"):
        if kept.get(name) == "currentColor":
            kept[name] = _INK
    return f"<{tag} " + " ".join(f'{k}="{v}"' for k, v in kept.items()) + "/>"


def _words(element: ElementTree.Element) -> str:
    """Return a text as one run, in the page's own face; verovio sizes the inner span."""
    words = "".join(element.itertext()).strip()
    size = next((s.get("font-size") for s in element.iter() if s.get("font-size", "0px") != "0px"), "360px")
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<text x="{element.get("x", "0")}" y="{element.get("y", "0")}" font-size="{size}" fill="#555555" '
        f'font-family="Libertinus Serif" text-anchor="{element.get("text-anchor", "start")}">{words}</text>'
    )

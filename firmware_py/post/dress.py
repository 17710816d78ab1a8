"""The HTML of a letter: one column that reads well on a telephone, in light and in dark mail programs.

Not here: the words (``wording``). Tables and inline styles, because mail programs know little else; the block of
styles only adds the dark colours for those that read it. Nothing is loaded from outside.
"""

from html import escape
from string import Template
from typing import Final

from firmware_py.languages.spacing import with_units_held
from firmware_py.languages.words import Words, words_in
from firmware_py.post import wording
from firmware_py.post.attachments import Chosen
from firmware_py.post.summary import Summary

_BARS_A_ROW: Final = 8
_MOST_BARS: Final = 64  # of more, the score's own heat map is the better one
_HEAT: Final = (  # least marks, ground, ink
    (90.0, "#b7dcc4", "#1d2329"),
    (75.0, "#dde9cf", "#1d2329"),
    (60.0, "#f2d29b", "#1d2329"),
    (45.0, "#e39a63", "#1d2329"),
    (25.0, "#a8403f", "#ffffff"),
    (0.0, "#6b1a3c", "#ffffff"),
)
_SANS: Final = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

_PAGE: Final = Template(
    """<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>$title</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .ground { background-color: #15181c !important; }
  .sheet { background-color: #20252b !important; border-color: #333b44 !important; }
  .ink { color: #eceff2 !important; }
  .soft { color: #a3adb8 !important; }
  .rule { border-color: #333b44 !important; }
  .track { background-color: #39424c !important; }
  .full { background-color: #d9708f !important; }
  .note { background-color: #3a3320 !important; color: #f2e6c4 !important; }
}
</style>
</head>
<body class="ground" style="margin:0;padding:0;background-color:#eef1f4;">
<table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="background-color:#eef1f4;">
<tr><td align="center" style="padding:24px 12px;">
<table role="presentation" class="sheet" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="table-layout:fixed;max-width:600px;background-color:#ffffff;border:1px solid #dfe4e9;border-radius:12px;">
<tr><td style="padding:28px 28px 24px 28px;overflow-wrap:anywhere;word-break:break-word;$sans;">
$body
</td></tr>
</table>
<p class="soft" style="margin:16px 0 0 0;$sans;font-size:13px;line-height:1.5;color:#66717d;">
$signature</p>
</td></tr>
</table>
</body>
</html>
"""
)


def html(summary: Summary, chosen: Chosen, picture: str | None, copy_to: str = "") -> str:
    """Return the letter as HTML.

    Parameters
    ----------
    summary, chosen
        What to tell, in the summary's language; every word of it is escaped here.
    picture
        Content-ID (without ``<>``) of the inline preview of the score; None: there is none.
    copy_to
        Address that gets a copy; empty: nobody.
    """
    words = words_in(summary.language)
    parts = [
        f'<h1 class="ink" style="margin:0 0 4px 0;font-size:24px;line-height:1.25;font-weight:650;color:#1d2329;">'
        f"{escape(wording.title(words, summary))}</h1>",
        _paragraph(wording.greeting(words, summary), wording.played(words, summary), soft=True),
        _marks(words, summary),
        _paragraph(wording.outcome(words, summary)),
        _advice(summary),
        _bars(words, summary),
        _picture(words, picture),
        *(_notice(sentence) for sentence in wording.mishaps(words, summary, chosen)),
        _attached(words, summary, chosen),
        _paragraph(wording.copied(words, copy_to), soft=True) if copy_to else "",
    ]
    return _PAGE.substitute(
        language=words.language,
        title=escape(wording.subject(words, summary)),
        sans=_SANS,
        signature=escape(wording.signature(words)),
        body="\n".join(p for p in parts if p),
    )


def _paragraph(*lines: str, soft: bool = False) -> str:
    style, colour = ("soft", "#66717d") if soft else ("ink", "#1d2329")
    return (
        f'<p class="{style}" style="margin:0 0 16px 0;font-size:16px;line-height:1.5;color:{colour};">'
        f"{'<br>'.join(map(_said, lines))}</p>"
    )


def _said(sentence: str) -> str:
    """A sentence as HTML, its numbers held to their units."""
    return escape(with_units_held(sentence))


def _marks(words: Words, summary: Summary) -> str:
    """A large number, and a bar as long as the marks."""
    if summary.marks is None:
        return ""
    share = round(summary.marks)
    full = (
        f'<td class="full" width="{share}%" height="10" style="background-color:#8e2a4a;border-radius:5px;'
        'font-size:0;line-height:10px;">&nbsp;</td>'
        if share
        else ""
    )
    rest = (
        f'<td width="{100 - share}%" height="10" style="font-size:0;line-height:10px;">&nbsp;</td>'
        if share < 100
        else ""
    )
    return (
        f'<p class="ink" style="margin:8px 0 8px 0;font-size:56px;line-height:1;font-weight:700;color:#1d2329;">'
        f'{wording.marks(summary)}<span class="soft" style="font-size:20px;font-weight:400;color:#66717d;">'
        f" {escape(wording.of_hundred(words))}</span></p>\n"
        '<table role="presentation" class="track" width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="background-color:#dfe4e9;border-radius:5px;margin:0 0 20px 0;"><tr>{full}{rest}</tr></table>'
    )


def _advice(summary: Summary) -> str:
    if not summary.advice:
        return ""
    items = "".join(f'<li style="margin:0 0 8px 0;">{_said(sentence)}</li>' for sentence in summary.advice)
    return (
        '<ul class="ink" style="margin:0 0 20px 0;padding:0 0 0 20px;font-size:16px;line-height:1.5;color:#1d2329;">'
        f"{items}</ul>"
    )


def _bars(words: Words, summary: Summary) -> str:
    """The bar heat map: a cell for each bar, darker where practice pays most, with its marks in figures as well."""
    if not 1 < len(summary.bars) <= _MOST_BARS:
        return ""
    cells = [_bar(marks) for marks in summary.bars]
    cells += ["<td></td>"] * (-len(cells) % _BARS_A_ROW)
    rows = "".join(f"<tr>{''.join(cells[n : n + _BARS_A_ROW])}</tr>" for n in range(0, len(cells), _BARS_A_ROW))
    return (
        f'<p class="soft" style="margin:4px 0 8px 0;font-size:13px;line-height:1.4;color:#66717d;">'
        f"{escape(wording.bars(words))}</p>\n"
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="3" border="0" '
        f'style="table-layout:fixed;margin:0 0 20px 0;">{rows}</table>'
    )


def _bar(marks: float | None) -> str:
    ground, ink = next((look for least, *look in _HEAT if marks is not None and marks >= least), ("#f4f6f8", "#66717d"))
    return (
        f'<td align="center" height="26" style="background-color:{ground};border-radius:4px;font-size:13px;'
        f'line-height:26px;color:{ink};">{"–" if marks is None else round(marks)}</td>'
    )


def _picture(words: Words, picture: str | None) -> str:
    """The score keeps its white paper in the dark, else its black notes would vanish."""
    if picture is None:
        return ""
    return (
        f'<img src="cid:{escape(picture)}" alt="{escape(wording.picture(words))}" width="542" '
        'style="display:block;box-sizing:border-box;width:100%;height:auto;margin:0 0 20px 0;'
        'background-color:#ffffff;border:1px solid #dfe4e9;border-radius:6px;">'
    )


def _notice(sentence: str) -> str:
    return (
        '<p class="note" style="margin:0 0 16px 0;padding:12px 14px;border-radius:8px;background-color:#fdf3d7;'
        f'font-size:15px;line-height:1.5;color:#5c4712;">{_said(sentence)}</p>'
    )


def _attached(words: Words, summary: Summary, chosen: Chosen) -> str:
    if not chosen.attachments:
        return ""
    rows = "".join(
        '<tr><td class="rule" style="padding:10px 0;border-top:1px solid #e6eaee;font-size:15px;line-height:1.4;">'
        f'<span class="ink" style="color:#1d2329;">{escape(a.name)}</span><br>'
        f'<span class="soft" style="font-size:13px;color:#66717d;">'
        f"{escape(wording.kind(words, summary, a))}</span></td>"
        '<td class="rule soft" align="right" valign="top" style="padding:10px 0 10px 12px;border-top:1px solid #e6eaee;'
        'font-size:13px;line-height:1.6;white-space:nowrap;color:#66717d;">'
        f"{escape(wording.size(words, a.size))}</td></tr>"
        for a in chosen.attachments
    )
    return (
        '<p class="soft" style="margin:4px 0 8px 0;font-size:13px;line-height:1.4;color:#66717d;">'
        f"{escape(wording.attached(words))}</p>\n"
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="margin:0 0 16px 0;">{rows}</table>'
    )

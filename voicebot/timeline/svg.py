"""Just enough of SVG: shapes with classes, texts whose width is estimated, and XML that is always well-formed."""

from __future__ import annotations

import re
from html import escape

FONT_PX = 13.0
# No XML 1.0 document may hold these (XML 1.0, section 2.2).
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WIDE_EM, _NARROW_EM = 1.02, 0.56


def text_width(text: str, font_px: float = FONT_PX) -> float:
    """Estimate how wide a text is: Han characters and their punctuation are squares, others about half as wide."""
    return font_px * sum(_WIDE_EM if character >= "\u2e80" else _NARROW_EM for character in text)


def shortened(text: str, width: float, font_px: float = FONT_PX) -> str:
    """Cut a text that is too wide, and say so by its last character."""
    if text_width(text, font_px) <= width:
        return text
    room = width - font_px
    end = 0
    while end < len(text) and text_width(text[: end + 1], font_px) <= room:
        end += 1
    return text[:end].rstrip() + "…"


class Svg:
    """A picture in the making."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, css: str, tip: str = "") -> None:
        """Draw a rectangle; ``tip`` is shown by browsers when the pointer rests on it."""
        shape = f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.8):.1f}" height="{height:.1f}"'
        self._parts.append(f"{shape}><title>{_safe(tip)}</title></rect>" if tip else f"{shape}/>")

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """Draw a straight line."""
        self._parts.append(f'<path class="{css}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>')

    def dot(self, x: float, y: float, radius: float, css: str) -> None:
        """Draw a dot."""
        self._parts.append(f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>')

    def polygon(self, points: list[tuple[float, float]], css: str) -> None:
        """Draw a filled outline."""
        self._parts.append(f'<polygon class="{css}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')

    def text(self, x: float, y: float, text: str, css: str = "", anchor: str = "", tip: str = "") -> None:
        """Write a text."""
        self.texts(x, y, [(text, css)], anchor, tip)

    def texts(self, x: float, y: float, parts: list[tuple[str, str]], anchor: str = "", tip: str = "") -> None:
        """Write a text of parts, each with a class of its own."""
        where = f' text-anchor="{anchor}"' if anchor else ""
        title = f"<title>{_safe(tip)}</title>" if tip else ""
        spans = "".join(f'<tspan class="{css}">{_safe(text)}</tspan>' if css else _safe(text) for text, css in parts)
        kept = ' xml:space="preserve"' if len(parts) > 1 else ""  # the blank between two parts
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{where}{kept}>{title}{spans}</text>')

    def document(self, width: float, height: float, title: str, style: str) -> str:
        """Return the whole picture."""
        size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
        head = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-size="{FONT_PX:.0f}" '
            f'font-family="{FONTS}">',
            f"<title>{_safe(title)}</title>",
            f"<style>{style}</style>",
            f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
        ]
        return "\n".join([*head, *self._parts, "</svg>"]) + "\n"


# The machine's own font first, then those that have Han characters, by the names of the common systems.
FONTS = (
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', "
    "'WenQuanYi Micro Hei', 'WenQuanYi Zen Hei', sans-serif"
)


def _safe(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))

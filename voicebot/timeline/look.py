"""Colours of the picture, by day and by night."""

from __future__ import annotations

_DAY = {
    "paper": "#ffffff",
    "ink": "#1f2937",
    "soft": "#6b7280",
    "faint": "#9ca3af",
    "rule": "#e5e7eb",
    "caller": "#1f6feb",
    "bot": "#c2410c",
    "brain": "#7c3aed",
    "voice": "#0f766e",
    "stop": "#b91c1c",
    "go": "#15803d",
    "wait": "#d97706",
}
_NIGHT = {
    "paper": "#0d1117",
    "ink": "#e6edf3",
    "soft": "#9aa4b2",
    "faint": "#6e7681",
    "rule": "#262c36",
    "caller": "#6cb0ff",
    "bot": "#ff9a62",
    "brain": "#c4a7ff",
    "voice": "#4fd1c0",
    "stop": "#ff7b72",
    "go": "#5ad07a",
    "wait": "#f0b429",
}
_FILLED = ("paper", "ink", "caller", "bot", "brain", "voice", "stop", "go", "wait", "faint")


def style(*, night: bool) -> str:
    """Return the style sheet.

    Args:
        night: with the colours for dark mode, which browsers take by themselves. Programs that make a PNG of an SVG
            do not know of that.
    """
    sheet = _sheet(_DAY)
    return f"{sheet}@media(prefers-color-scheme:dark){{{_sheet(_NIGHT)}}}" if night else sheet


def _sheet(colours: dict[str, str]) -> str:
    rules = [f".{name}{{fill:{colours[name]}}}" for name in _FILLED]
    rules += [f".{name}-pale{{fill:{colours[name]};fill-opacity:.22}}" for name in _FILLED if name != "paper"]
    rules += [f".{name}-line{{stroke:{colour};fill:none}}" for name, colour in colours.items()]
    rules += [f".{name}-dash{{stroke:{colours[name]};fill:none;stroke-dasharray:3 4}}" for name in ("faint", "stop")]
    rules += [
        f"text{{fill:{colours['ink']};stroke:{colours['paper']};stroke-width:3px;paint-order:stroke}}",
        ".unheard{stroke:none}",
        f".note{{fill:{colours['soft']};font-size:11px}}",
        f".grey{{fill:{colours['soft']}}}",
        f".unheard{{fill:{colours['faint']};text-decoration:line-through}}",
        ".lane{font-weight:600}",
        ".head{font-weight:600}",
    ]
    return "".join(rules)

"""The style sheet of a page: light and dark, wide and narrow, for the elements of one page alone."""

from __future__ import annotations

from typing import Final

__all__ = ["DARK", "LIGHT", "style_of"]

LIGHT: Final = {
    "fg": "#1f2328", "bg": "#ffffff", "faint": "#59636e", "line": "#d1d9e0", "shade": "#f3f5f7", "note": "#0550ae",
    "good": "#116329", "warn": "#7a4a00", "bad": "#a40e26", "tunnel": "#6b2fb3", "lit": "#ffec99", "edge": "#0969da",
}  # fmt: skip
DARK: Final = {
    "fg": "#e6edf3", "bg": "#14181d", "faint": "#9da7b1", "line": "#3d444d", "shade": "#20262d", "note": "#79c0ff",
    "good": "#7ee787", "warn": "#e3b341", "bad": "#ff9a92", "tunnel": "#d2a8ff", "lit": "#574800", "edge": "#58a6ff",
}  # fmt: skip

# "§" is the page: nothing outside it is styled. Jupyter names its theme at the body; elsewhere the system's is taken.
_SHEET: Final = """
§{LIGHT}
@media (prefers-color-scheme:dark){§{DARK}}
[data-jp-theme-light=true] §,.vscode-light §{LIGHT}
[data-jp-theme-light=false] §,.vscode-dark §{DARK}
§{color:var(--fg);background:var(--bg);font:13px/1.45 system-ui,sans-serif;padding:8px;text-align:left;
border:1px solid var(--line);border-radius:4px;overflow:hidden;max-width:100%;box-sizing:border-box}
§ *{box-sizing:border-box}
§ :focus-visible{outline:2px solid var(--edge);outline-offset:-2px}
§ table{border-collapse:collapse;margin:0;font-size:12px;border:0;table-layout:auto;width:auto}
§ table,§ thead,§ tbody,§ tr,§ b,§ p,§ li,§ summary{color:inherit}
§ tr,§ tr:nth-child(even),§ tr:nth-child(odd){background:none}
§ td,§ th{padding:0 8px 0 0;border:0;text-align:left;vertical-align:top;font-weight:normal;max-width:none;
white-space:normal;overflow-wrap:break-word;line-height:1.45;color:inherit;background:none}
§ td,§ tbody th,§ code,§ pre{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12px}
§ code{background:none;color:inherit;padding:0}
§ pre{margin:0;padding:0;line-height:1.5;color:inherit;background:none;white-space:pre;border:0}
§ p,§ ul{margin:4px 0;padding:0;font-size:12px;overflow-wrap:anywhere}
§ ul{list-style:none}
§ summary{cursor:pointer;padding:1px 4px;border-radius:3px}
§ summary b{font-weight:600}
§ .head{font-weight:600;margin:0 0 6px;overflow-wrap:anywhere}
§ .both{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:flex-start}
§ .tree{flex:0 1 46em;min-width:0}
§ .octets{flex:0 1 auto;position:sticky;top:0;max-width:100%;overflow-x:auto}
§ .scope{border-left:2px solid var(--line);margin-left:5px;padding-left:8px}
§ details>table{margin-left:14px}
§ details>p,§ details>ul{margin-left:18px}
§ .fields th{white-space:nowrap;overflow-wrap:normal}
§ .region{padding:1px 4px 1px 20px;border-radius:3px;font-size:12px}
§ .scroll{overflow:auto;max-width:100%;max-height:36em}
§ .rows th,§ .rows td{padding:2px 12px 2px 0;white-space:nowrap;overflow-wrap:normal}
§ .rows td.long{white-space:normal;min-width:18em;overflow-wrap:anywhere}
§ .rows thead th{border-bottom:1px solid var(--line);vertical-align:bottom;font-weight:600;position:sticky;top:0;
background:var(--bg)}
§ .rows td.n,§ .rows th.n{text-align:right}
§ .rows small{display:block;color:var(--faint);font-weight:normal;font-size:11px}
§ .o{background:var(--shade)}
§ .hid{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
§ .faint,§ .faint td,§ .faint th{color:var(--faint)}
§ .address,§ .header{font-weight:600}
§ .inner{font-weight:600;color:var(--good)}
§ .tunnel{font-weight:600;color:var(--tunnel)}
§ .tag,§ .warn{color:var(--warn)}
§ .protocol,§ .note{color:var(--note)}
§ .good{color:var(--good)}
§ .bad{color:var(--bad);font-weight:600}
§ tr:hover,§ .region:hover{background:var(--lit)}
@media (max-width:640px){§ .rows th,§ .rows td{white-space:normal;padding-right:8px}§ .rows td.long{min-width:9em}}
@media print{§ .octets{position:static}§ .scroll{max-height:none}}
@media (forced-colors:active){§ :focus-visible{outline-color:Highlight}}
"""


def _variables(colors: dict[str, str]) -> str:
    return "{" + "".join(f"--{name}:{value};" for name, value in colors.items()) + "}"


def style_of(page: str, lit: tuple[str, ...] = ()) -> str:
    """The style sheet for the page with this `id`; `lit` are selectors of what has the colour of what is lit."""
    sheet = _SHEET.replace("{LIGHT}", _variables(LIGHT)).replace("{DARK}", _variables(DARK))
    if lit:
        sheet += ",".join(lit) + "{background:var(--lit);color:var(--fg)}"
    return f"<style>{sheet.strip().replace('§', f'#{page}')}</style>"

"""Pages of HTML, read by Python's own parser."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

VOID: Final = {"br", "meta", "rect", "img", "input", "hr"}
STRUCTURE: Final = {
    *("div", "style", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "ul", "li"),
    *("b", "span", "code", "pre", "small", "svg", "title", "text", "g", "rect"),
}


class Page(HTMLParser):
    """The elements of a page, its text, and what is wrong in its structure."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.style = ""
        self._text: list[str] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self.octets: list[tuple[tuple[str, ...], str]] = []
        """The classes and the text of each run of octets."""
        self.feed(html)
        self.close()
        self.faults += (f"{tag} is not closed" for tag, _ in self._open)

    @property
    def text(self) -> str:
        return " ".join("".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in STRUCTURE:
            self.faults.append(f"{tag} is no element of a page")
        self.faults += (f"{name} is a handler" for name in values if name.startswith("on"))
        self.faults += (f"{name} loads something" for name in values if name in ("src", "href", "style"))
        if "id" in values:
            self.ids.append(values["id"])
        self.elements.append((tag, values))
        if tag not in VOID:
            self._open.append((tag, values))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "style":
            self.style += data
            return
        self._text.append(data)
        tag, values = self._open[-1] if self._open else ("", {})
        if tag == "span" and "tabindex" in values:
            self.octets.append((tuple(values["class"].split()), data))

    def rows(self) -> dict[str, tuple[str, tuple[int, int]]]:
        """The class and the bits of each row, by its path."""
        found = {}
        for _, values in self.elements:
            if "data-bits" in values:
                first, _, last = values["data-bits"].partition("-")
                found[values["data-path"]] = values["class"].replace("region ", "").split()[0], (int(first), int(last))
        return found

"""Writes docs/headers.md from the declarations: `python docs/generate.py`."""

from __future__ import annotations

from pathlib import Path

from overlaycodec.pipeline import DEFAULT
from overlaycodec.schema import Header

HEAD = """# Headers

The headers of the default catalog, in the order in which their bindings are asked. Made from the declarations by
`python docs/generate.py`; a test holds it against them.

"Found at" lists the keys of the declaration, "selects by" the field and key space that say what follows. A tunnel
header opens an `inner` scope, one that quotes a `quoted` scope.

| class | path | octets | found at | selects by | what it is | document |
|---|---|---|---|---|---|---|
"""


def row(cls: type[Header]) -> str:
    """One line of the table."""
    layout = cls.__layout__
    keys = ", ".join(f"`{key!r}`" for key in layout.keys if not key.conditions)
    conditional = [key for key in layout.keys if key.conditions]
    if conditional:
        keys += (", " if keys else "") + ", ".join(
            f"`{key.space!r}({key.value})` by its first bits" for key in conditional
        )
    keys = keys.replace("(None)", "(any)")
    selects = "-"
    if layout.selector is not None:
        fact = next(fact for kind, fact in layout.selector.facts.items() if kind.__name__ == "Selects")
        selects = f"`{layout.selector.name}`: {fact.space!r}"  # type: ignore[attr-defined]
    if layout.carries is not None:
        selects = f"always `{layout.carries!r}`" if layout.selector is None else f"{selects}, else `{layout.carries!r}`"
    octets = str(layout.minimum_octets) + ("" if layout.fixed else " and more")
    what = (cls.__doc__ or "").splitlines()[0]
    if layout.tunnel:
        what += " *Tunnel.*"
    if layout.quotes:
        what += " *Quotes.*"
    return f"| `{cls.__name__}` | `{layout.name}` | {octets} | {keys or '-'} | {selects} | {what} | {layout.spec} |"


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(row(cls) for cls in DEFAULT.headers) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("headers.md").write_text(page(), encoding="utf-8")

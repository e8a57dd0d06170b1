"""Writes what is made from the declarations: `make generate`.

These are docs/headers.md, docs/headers/, docs/names.md, docs/rules.md, docs/packet.schema.json and docs/man/.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path

from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.describe.diagram import diagram_of
from overlaycodec.describe.facts import default_text, found_at, meanings_of, presence_of, size_of, type_of
from overlaycodec.findings.diagnosis import RULES
from overlaycodec.findings.model import PROVEN, Rule
from overlaycodec.interchange.json_schema import json_schema
from overlaycodec.packet.header import Header
from overlaycodec.schema.keys import Key, KeySpace, PreviousHeader
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.record import WireStruct

HERE = Path(__file__).parent
INDEX = """# Headers

The headers of the default catalog, by family. A tunnel header opens an `inner` scope; a header that quotes a packet
opens a `quoted` scope. `make generate` writes this page from the declarations.

```{toctree}
:glob:
:hidden:

headers/*
```

| path | class | octets | what it is | specification |
|---|---|---|---|---|
"""


RULES_PAGE = """# Rules

These are the rules that [`oc.diagnose`](findings.md) checks, in addition to faults of decoding. A dash means that
nothing is known, or that the receiver has no rule for this header. `make generate` writes this page from the rules.

The actions of the receivers were observed with these versions, in the given month; other versions may act differently:

{proven}

| rule | headers | the specification | Linux | Open vSwitch |
|---|---|---|---|---|
"""


def purpose(record: type[WireStruct]) -> str:
    """The first sentence of the declaration."""
    return record.__layout__.purpose.splitlines()[0]


def octets(layout: Layout) -> str:
    """The size of a header."""
    return f"{layout.minimum_octets}" + ("" if layout.fixed else " and more")


def line(*cells: str) -> str:
    """One line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def row(cls: type[Header]) -> str:
    """One line of the index."""
    layout = cls.__layout__
    what = purpose(cls) + " *Tunnel.*" * layout.tunnel + " *Quotes.*" * layout.quotes
    return (
        f"| [{layout.name}](headers/{layout.name}.md) | `{cls.__name__}` | {octets(layout)} | {what} | {layout.spec} |"
    )


def index() -> str:
    """The page that lists all headers."""
    return INDEX + "\n".join(row(cls) for cls in DEFAULT.headers) + "\n"


def field_row(layout: Layout, field: Field) -> str:
    """One line of a table of fields."""
    what = [field.doc, *meanings_of(layout, field)]
    text = "; ".join(part for part in what if part)
    presence = presence_of(field) or "-"
    return line(f"`{field.name}`", type_of(field), size_of(field), presence, default_text(field), text)


def table(layout: Layout) -> Iterator[str]:
    """The fields of a header or an element."""
    yield "| field | type | size | present | default | what it is |"
    yield "|---|---|---|---|---|---|"
    yield from (field_row(layout, field) for field in layout.fields)


def elements(record: type[WireStruct]) -> list[type[WireStruct]]:
    """The classes of the elements in the record's option lists, and in theirs, each once."""
    found: dict[type[WireStruct], None] = {}
    for field in record.__layout__.fields:
        for element in field.elements:
            found |= dict.fromkeys([element, *elements(element)])
    return list(found)


def link(cls: type[Header]) -> str:
    """A link from one header's page to another's."""
    return f"[{cls.__layout__.name}]({cls.__layout__.name}.md)"


def what_follows(layout: Layout) -> Iterator[str]:
    """What the catalog finds after the header."""
    spaces: list[tuple[KeySpace, Key | None]] = []
    if layout.next.space is not None:
        spaces.append((layout.next.space, None))
    if layout.next.carried is not None:
        spaces.append((layout.next.carried.space, layout.next.carried))
    for space, only in spaces:
        values = sorted(DEFAULT.values(space)) if only is None else [only.value]
        found: dict[type[Header], list[str]] = {}
        for value in [*values, *([None] if only is None else [])]:
            for key, cls in DEFAULT.candidates(space, value):
                asked = [condition for condition in key.conditions if isinstance(condition, PreviousHeader)]
                if not all(layout.can_have(condition.field, condition.value) for condition in asked):
                    continue
                found.setdefault(cls, []).append("any other" if value is None else space.text(value))
        always = f", always {space.text(only.value)}" if only is not None and only.value is not None else ""
        headers = ", ".join(f"{link(cls)} ({', '.join(texts)})" for cls, texts in found.items())
        yield f"By {space!r}{always}: {headers}."


def page(cls: type[Header]) -> str:
    """The page of one header."""
    layout = cls.__layout__
    traits = [f"{octets(layout)} octets"]
    traits += ["a tunnel: what follows is `inner`"] * layout.tunnel
    traits += ["what follows is `quoted`"] * layout.quotes
    traits += ["nothing follows it"] * layout.next.closed
    lines = [f"# {layout.name}", "", f"`overlaycodec.{cls.__name__}`: {layout.purpose}", ""]
    lines += [f"{layout.spec}. {', '.join(traits)}.".replace("\n", " "), ""]
    lines += ["```", diagram_of(cls), "```", "", *table(layout), ""]
    for element in elements(cls):
        spec = f" ({element.__layout__.spec})" if element.__layout__.spec else ""
        lines += [f"## {element.__name__}", "", f"{purpose(element)}{spec}", ""]
        lines += ["```", diagram_of(element), "```", "", *table(element.__layout__), ""]
    if layout.keys:
        lines += ["## Found at", "", *(f"- {found_at(key)}" for key in layout.keys), ""]
    if following := list(what_follows(layout)):
        lines += ["## What follows", "", *following, ""]
    paths = [f"`{layout.name}.{layout.fields[0].name}`"]
    paths += [f"`{layout.name}[1].{layout.fields[0].name}` for the second in a scope"]
    paths += [f"`inner.{layout.name}.{layout.fields[0].name}` after a tunnel header"]
    lines += ["## Paths", "", ", ".join(paths) + ".", ""]
    return "\n".join(lines)


def rule_row(rule: Rule) -> str:
    """One line of the table of rules."""
    headers = ", ".join(f"`{cls.__layout__.name}`" for cls in rule.headers)
    does = [f"{told.severity}: {told.words}" if told else "-" for told in (rule.linux, rule.ovs)]
    return line(f"`{rule.name}`", headers, f"{rule.rfc}: {rule.demand} ({rule.source})", *does)


def rules() -> str:
    """The page of the rules."""
    proven = "\n".join(f"- {proof}" for proofs in PROVEN.values() for proof in proofs)
    return RULES_PAGE.format(proven=proven) + "\n".join(map(rule_row, RULES)) + "\n"


def pages() -> dict[Path, str]:
    """Every page, by its path."""
    headers = {HERE / "headers" / f"{cls.__layout__.name}.md": page(cls) for cls in DEFAULT.headers}
    manual = HERE / "man" / "overlaycodec.1"
    names: str = runpy.run_path(str(HERE / "names.py"))["names"]()
    schema = json.dumps(json_schema(), indent=1) + "\n"
    others = {HERE / "headers.md": index(), HERE / "rules.md": rules(), HERE / "packet.schema.json": schema}
    return {**others, HERE / "names.md": names, manual: manual_page(), **headers}


def manual_page() -> str:
    """The manual page of the command line."""
    manual: str = runpy.run_path(str(HERE / "manual.py"))["manual"]()
    return manual


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

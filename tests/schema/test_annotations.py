"""Headers in a module without the future import: their annotations are values, or from Python 3.14 on a function."""

import sys
import types
from typing import Annotated, Any, ClassVar

import pytest

import overlaycodec as oc
from overlaycodec import AUTO, UDP_PORT, Bits, Element, Elements, Header, SizedBy, Unparsed

DECLARATIONS = """
class Part(oc.Element):
    kind: Annotated[int, oc.Bits(8)]

class Whole(oc.Header, keys=(oc.UDP_PORT(9000),)):
    LIMIT: ClassVar[int] = 3
    size: Annotated[int, oc.Bits(8), "Octets of the parts"] = oc.AUTO
    parts: Annotated[tuple[Part, ...], oc.SizedBy("size"), oc.Elements()] = ()
    rest: Annotated[bytes, oc.Unparsed("parts")] = oc.AUTO
"""


class Mark(Element):
    """An element."""

    kind: Annotated[int, Bits(8), "Kind"]


class Marks(Header, keys=(UDP_PORT(9000),)):
    """A header that names the element before it."""

    LIMIT: ClassVar[int] = 3
    length: Annotated[int, Bits(8), "Octets of the marks"] = AUTO
    marks: Annotated[tuple[Mark, ...], SizedBy("length"), Elements()] = ()
    rest: Annotated[bytes, Unparsed("marks"), "What is no mark"] = AUTO


def test_a_header_of_a_module_is_declared() -> None:
    assert [field.name for field in Marks.__layout__.fields] == ["length", "marks", "rest"]
    octets = oc.encode(Marks(marks=(Mark(kind=1), Mark(kind=2))))
    assert octets == b"\x02\x01\x02"
    assert oc.decode(octets, first=Marks)[Marks] == Marks(length=2, marks=(Mark(kind=1), Mark(kind=2)), rest=b"")


def test_a_header_of_a_function_reads_the_names_around_it() -> None:
    width = Bits(24)

    class Deep(Header):
        octet = Bits(8)
        number: Annotated[int, width]
        if width.count == 24:
            last: Annotated[int, octet]

    assert oc.encode(Deep(number=1, last=2)) == b"\x00\x00\x01\x02"


def test_a_name_that_is_not_defined_is_refused() -> None:
    with pytest.raises(oc.SchemaError if sys.version_info >= (3, 14) else NameError, match="nowhere"):

        class Lost(Header):
            number: Annotated[int, nowhere]  # noqa: F821


@pytest.mark.parametrize("future", ["", "from __future__ import annotations"], ids=["values", "text"])
def test_the_future_import_changes_nothing(future: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = types.ModuleType("declarations")
    monkeypatch.setitem(sys.modules, "declarations", module)
    vars(module).update(oc=oc, Annotated=Annotated, ClassVar=ClassVar)
    exec(compile(f"{future}\n{DECLARATIONS}", "declarations", "exec", dont_inherit=True), vars(module))
    whole = module.Whole(parts=(module.Part(kind=7),))
    assert oc.encode(whole) == b"\x01\x07"
    assert module.Whole.__annotations__ == {
        "size": int,
        "parts": tuple[module.Part, ...],
        "rest": bytes,
    }
    assert getattr(module.Whole, "__annotate__", None) is None  # from Python 3.14 on, another answer if it were kept

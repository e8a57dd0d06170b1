"""Generated code: a source for each function that people can read, and nothing of a declaration in it but constants."""

from __future__ import annotations

import ast
import enum
import gc
import inspect
import linecache
import sys
import traceback
import weakref
from collections.abc import Iterator
from threading import Thread
from typing import Annotated, Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import UDP_PORT, Bits, Catalog, Const, Header, KeySpace
from overlaycodec.codec import code_cache
from overlaycodec.codec.header_decoder import reader_of
from overlaycodec.codegen import Source, identifier, literal, remove_freed
from overlaycodec.protocols import HEADERS
from tests.tools.internals import code_of
from tests.vectors.test_vectors import DECODING, bound, decoded, first_of

FRAME: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")


def first_twin() -> Any:  # Any: a class that this function declares
    class Twin(Header, spec="in-house", path="twin"):
        """One of two classes of this name."""

        apple: Annotated[int, Const(1), Bits(8)] = 1

    return Twin


def second_twin() -> Any:  # Any: as above
    class Twin(Header, spec="in-house", path="twin"):
        """The other."""

        pear: Annotated[int, Const(2), Bits(16)] = 2

    return Twin


# --- one source for each function -------------------------------------------------------------------------------------


def test_each_of_two_classes_of_one_name_has_its_own_source() -> None:
    twins = first_twin(), second_twin()
    functions = []
    for cls in twins:
        cls()
        catalog = Catalog((cls,))
        functions.append(
            (reader_of(cls), cls.__make__, code_of(catalog).decode_step(cls), code_of(catalog).header_encoder(cls))
        )
    for made, field, other in zip(functions, ("apple", "pear"), ("pear", "apple"), strict=True):
        for function in made:
            source = inspect.getsource(function)
            assert source.startswith(f"def {function.__name__}(")
            assert field in source
            assert other not in source


def test_a_traceback_shows_the_line_that_raised() -> None:
    twins = first_twin(), second_twin()
    for cls in twins:
        reader_of(cls)
    for cls, field in zip(twins, ("apple", "pear"), strict=True):
        with pytest.raises(oc.FieldValueError) as caught:
            oc.decode_header(cls, b"\x07\x07")
        last = traceback.extract_tb(caught.value.__traceback__)[-1]
        assert last.name == "read_twin"
        assert f"raise wrong_constant('twin.{field}', " in str(last.line)


def generated() -> set[str]:
    """The names under which generated sources are kept."""
    return {name for name in linecache.cache if name.startswith("<overlaycodec ")}


def used() -> weakref.ref[Any]:
    """Declares a class, makes catalogs with it and has everything generated; gives a reference to the class."""
    cls = first_twin()
    for base in (Catalog(HEADERS), oc.DEFAULT):
        catalog = base.with_binding(UDP_PORT(9994), cls)
        packet = oc.resolve(FRAME / oc.UDP(src_port=1, dst_port=9994) / cls() / b"...", catalog=catalog)
        data = catalog.encode(packet)
        for _ in range(40):  # until it is written at once
            assert catalog.encode(packet) == data
        code_of(catalog).stack_cache.learn(oc.Ethernet, packet.headers)
        assert catalog.decode(data) == packet
        assert catalog.decode(data[:-3] + b"....", lax=True)[cls].apple == 1
    oc.decode_header(cls, b"\x01")
    return weakref.ref(cls)


def collect() -> None:
    """Frees catalogs, then the classes of headers that they held: the collector does not see into headers."""
    gc.collect()
    gc.collect()
    remove_freed()


def test_sources_go_with_their_classes_and_catalogs() -> None:
    used()  # what the catalog's own classes keep
    collect()
    before = generated()
    references = []
    for _ in range(5):
        references.append(used())
        assert len(generated()) > len(before)
        collect()
        assert generated() == before
    assert [reference() for reference in references] == [None] * 5


def test_threads_make_and_free_functions_at_once() -> None:
    """Each thread removes the sources that any thread freed."""
    errors: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(500):
                source = Source("nothing", "")
                source.add("return None")
                source.compile("test")
        except Exception as error:  # whatever it is fails the test
            errors.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert errors == []


def test_a_catalog_keeps_code_for_so_many_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of classes that it does not know come and go."""
    monkeypatch.setattr(code_cache, "MAX_CLASSES", 4)
    monkeypatch.setattr(code_cache, "MAX_STACKS", 4)
    catalog = Catalog(HEADERS)

    def use() -> weakref.ref[Any]:
        cls = first_twin()
        packet = cls() / b"..."
        assert catalog.decode(catalog.encode(packet), first=cls) == packet
        return weakref.ref(cls)

    references = [use() for _ in range(40)]
    collect()
    assert sum(reference() is not None for reference in references) <= 12


def test_the_source_of_a_function_goes_with_it() -> None:
    source = Source("answer", "")
    source.add("return 42")
    function = source.compile("test")
    filename = function.__code__.co_filename
    linecache.checkcache()
    assert "".join(linecache.getlines(filename)) == "def answer():\n    return 42\n"
    assert function() == 42
    del function
    gc.collect()
    assert filename in linecache.cache  # whoever walks through the entries may be at this one
    other = Source("other", "")
    other.add("return 43")
    other.compile("test")
    assert filename not in linecache.cache


# --- what people read -------------------------------------------------------------------------------------------------


def sources() -> Iterator[str]:
    """The sources that are generated for the packets of all vectors."""
    for vector in DECODING.values():
        catalog = bound(Catalog(HEADERS), vector.get("bindings", []))
        packet = decoded(vector, catalog=catalog)
        code_of(catalog).stack_cache.learn(first_of(vector), packet.headers)
        for _ in range(33):
            catalog.encode(packet)
        for name in generated():
            yield "".join(linecache.getlines(name))


@pytest.mark.survey
def test_no_line_is_longer_than_those_of_the_library() -> None:
    seen = set(sources())
    assert len(seen) > 300
    assert [line for source in seen for line in source.splitlines() if len(line) > 120] == []


def test_the_functions_of_deep_stacks_have_short_names() -> None:
    catalog = Catalog(HEADERS)
    tags = [*(oc.VLANTag(vid=number) for number in range(27)), oc.VLANTag(vid=27, ethertype=0x88B5)]
    ethernet = oc.Ethernet(dst="02:00:00:00:00:01", src="02:00:00:00:00:02")
    data = catalog.encode(oc.Packet((ethernet, *tags)) / b"data")
    for _ in range(33):
        assert catalog.encode(catalog.decode(data)) == data
    lines = [line for name in generated() for line in linecache.getlines(name)]
    assert any(line.startswith("def encode_ethernet_vlan_vlan_vlan") for line in lines)
    assert [line for line in lines if len(line.rstrip()) > 120] == []


def test_long_lines_are_broken_within_brackets() -> None:
    source = Source("f", "a")
    long = [f"'number {number}, (and so on'" for number in range(20)]
    source.add(f"b = c = {long[0]} + {' + '.join(long[1:])}", f"if (a and {' and '.join(long)}):")
    source.indent()
    source.comment("a line\nthat does not become code")
    source.add(f"return [{', '.join(long)}], b, b is c")
    function = source.compile("test")
    assert max(map(len, source.lines)) <= 120
    assert function(1) == ([ast.literal_eval(text) for text in long], "".join(map(ast.literal_eval, long)), True)
    assert function(0) is None


# --- constants, names, and nothing else -------------------------------------------------------------------------------

HOSTILE: Final = "x\nimport os; os.abort()\n\"'''#"


class Kind(enum.IntEnum):
    """Numbers whose `repr` is no expression."""

    ONE = 1


class Loud(str):
    """Text whose `repr` is code."""

    def __repr__(self) -> str:
        return "abort()"


@pytest.mark.parametrize("value", [None, True, 0, -7, 1 << 70, HOSTILE, b"\0'\"", (), (1,), (1, ("a", b"b"), None)])
def test_a_literal_is_its_value(value: object) -> None:
    again = ast.literal_eval(literal(value))
    assert again == value
    assert type(again) is type(value)


def test_a_literal_of_a_subclass_is_that_of_its_base() -> None:
    assert literal((Kind.ONE, Loud("a"))) == "(1, 'a')"


@pytest.mark.parametrize("value", [1.5, [1], {1}, object(), int])
def test_what_is_no_constant_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be a constant in generated code"):
        literal(value)


@pytest.mark.parametrize("text", [HOSTILE, "", "9", "class", "a b", "naïve", "a" * 1000, "\N{LATIN SMALL LIGATURE FI}"])
def test_an_identifier_is_one(text: str) -> None:
    name = identifier(text)
    assert name.isidentifier()
    assert name.isascii()
    assert len(name) < 200
    namespace: dict[str, int] = {}
    exec(f"{name} = 1", namespace)
    assert namespace[name] == 1


def test_a_key_space_is_named_by_an_identifier() -> None:
    with pytest.raises(oc.SchemaError, match="name in lower case"):
        oc.DEFAULT.with_binding(KeySpace(HOSTILE)(1), oc.VXLAN)
    with pytest.raises(oc.SchemaError, match="name in lower case"):
        declared("Outer", "kind", keys=(KeySpace(HOSTILE)(1),))


def test_text_where_a_condition_has_a_number_is_refused() -> None:
    key = UDP_PORT(9994).when(oc.PreviousHeader("length", "0 or True"))  # type: ignore[arg-type]
    with pytest.raises(oc.SchemaError, match="PreviousHeader: value is a number"):
        oc.DEFAULT.with_binding(key, oc.VXLAN)
    with pytest.raises(oc.SchemaError, match="PreviousHeader: value is a number"):
        declared("Odd", "value", keys=(key,))


def declared(name: str, field: str, **options: Any) -> Any:  # Any: a class
    """A header of one octet, with names that no class statement can give."""
    meta: Any = type(Header)
    namespace = {"__module__": __name__, "__annotations__": {field: Annotated[int, Bits(8)]}}
    return meta(name, (Header,), namespace, **options)


@pytest.mark.parametrize("path", [HOSTILE, "a b", "x()", "a.b"])
def test_a_path_is_a_name(path: str) -> None:
    with pytest.raises(oc.SchemaError, match="cannot be a name in paths"):
        declared("Named", "a", path=path)


@pytest.mark.parametrize("name", [HOSTILE, "a b", "class", "9", "", "a=1", "\N{LATIN SMALL LIGATURE FI}"])
def test_a_field_is_a_name(name: str) -> None:
    with pytest.raises(oc.SchemaError, match="is no name that a class body can declare"):
        declared("Named", name)


def test_a_field_in_any_script() -> None:
    cls = declared("Named", "größe")
    assert oc.decode_header(cls, oc.encode(cls(größe=3))) == (cls(größe=3), 1)


def test_a_class_of_any_name() -> None:
    cls = declared(HOSTILE, "a", path="any")
    assert oc.decode_header(cls, oc.encode(cls(a=3))) == (cls(a=3), 1)
    with pytest.raises(TypeError, match="has no field 'b'"):
        cls(b=3)


# --- signatures -------------------------------------------------------------------------------------------------------


def test_options_of_decode_are_keywords_as_its_types_say() -> None:
    for function in (oc.decode, Catalog.decode):
        parameters = list(inspect.signature(function).parameters.values())
        options = [parameter for parameter in parameters if parameter.name not in ("self", "data")]
        assert {option.kind for option in options} == {inspect.Parameter.KEYWORD_ONLY}
        assert [option.name for option in options][:4] == ["first", "wire_length", "fcs_octets", "lax"]
    defaults = {name: option.default for name, option in inspect.signature(oc.decode).parameters.items()}
    assert defaults == {
        "data": inspect.Parameter.empty, "first": oc.Ethernet, "wire_length": None, "fcs_octets": 0, "lax": False,
        "catalog": oc.DEFAULT,
    }  # fmt: skip
    with pytest.raises(TypeError, match="positional"):
        oc.decode(b"", oc.Ethernet)  # type: ignore[call-arg]

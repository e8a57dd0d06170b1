"""A pipeline: a pattern of headers as one value, by which packets are decoded, encoded, built and selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, TypeVarTuple, cast, overload

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import EncodeError
from overlaycodec.packet.checked_packet import check_packet
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.pipelines.automaton import Automaton, State
from overlaycodec.pipelines.building import built, stacks_of
from overlaycodec.pipelines.links import Links
from overlaycodec.pipelines.pattern import AnyOf, InOrder, PartLike, Repeated, headers_of, part_of
from overlaycodec.pipelines.reading import Reading
from overlaycodec.pipelines.text import pattern_of
from overlaycodec.schema.keys import Key
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values.argument_checks import check_flag, check_text, check_type
from overlaycodec.values.bytes_like import BytesLike, bytes_of
from overlaycodec.values.for_notebooks import ForNotebooks

if TYPE_CHECKING:
    from overlaycodec.pipelines.places import Places

__all__ = ["AnyPipeline", "Pipeline", "check_pipeline"]

Hs = TypeVarTuple("Hs")
A = TypeVar("A", bound=Header)
B = TypeVar("B", bound=Header)
C = TypeVar("C", bound=Header)
D = TypeVar("D", bound=Header)
E = TypeVar("E", bound=Header)
F = TypeVar("F", bound=Header)
G = TypeVar("G", bound=Header)
H = TypeVar("H", bound=Header)


class Pipeline(ForNotebooks, Generic[*Hs]):
    """A pattern of headers in a fixed order: it decodes packets that match, and raises an error for all others.

    Its parts are header classes, repetitions (`VLANTag[0:3]`: none to three; `VLANTag[1:]`: one or more), alternatives
    (`IPv4 | IPv6`), optional parts (`VLANTag | None`) and other pipelines. A pipeline is immutable and hashable, can be
    pickled, and is equal to others with the same parts. With `payload=False`, no octets may follow the last header.

    >>> from overlaycodec import Ethernet, IPv4, IPv6, Pipeline, UDP, VLANTag, VXLAN
    >>> tunnel = Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN)
    >>> tunnel + Pipeline(Ethernet, IPv4)
    Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN, Ethernet, IPv4)

    Keys of the catalog select the next header. If there is no key between two headers of the pipeline, such as UDP and
    a header that you declare, the second one follows if the catalog finds no other.

    Raises: TypeError for an object that is no part; ValueError for a pattern that no packet can match, or that does not
    determine what follows a header.
    """

    __slots__ = ("_automaton", "_catalog", "_first", "_links", "_pattern", "_payload", "_reading")

    if TYPE_CHECKING:
        # fmt: off
        @overload
        def __init__(self: Pipeline[A], a: type[A], /, *,
                     payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        @overload
        def __init__(self: Pipeline[A, B], a: type[A], b: type[B], /, *,
                     payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        @overload
        def __init__(self: Pipeline[A, B, C], a: type[A], b: type[B], c: type[C], /, *,
                     payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        @overload
        def __init__(self: Pipeline[A, B, C, D], a: type[A], b: type[B], c: type[C], d: type[D], /, *,
                     payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        @overload
        def __init__(self: Pipeline[A, B, C, D, E], a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], /, *,
                     payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        @overload
        def __init__(self: Pipeline[A, B, C, D, E, F], a: type[A], b: type[B], c: type[C], d: type[D], e: type[E],
                     f: type[F], /, *, payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        @overload
        def __init__(self: Pipeline[A, B, C, D, E, F, G], a: type[A], b: type[B], c: type[C], d: type[D], e: type[E],
                     f: type[F], g: type[G], /, *, payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        @overload
        def __init__(self: Pipeline[A, B, C, D, E, F, G, H], a: type[A], b: type[B], c: type[C], d: type[D],
                     e: type[E], f: type[F], g: type[G], h: type[H], /, *,
                     payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        @overload
        def __init__(self: Pipeline[*tuple[Header, ...]], *parts: PartLike,
                     payload: bool = True, catalog: Catalog = DEFAULT) -> None: ...
        # fmt: on

    def __init__(self, *parts: object, payload: bool = True, catalog: Catalog = DEFAULT) -> None:
        if not parts:
            raise ValueError("a pipeline has one header at least")
        check_catalog(catalog)
        check_flag("payload", payload)
        self._pattern = InOrder.of(parts)
        self._payload = payload
        self._catalog = catalog
        self._automaton = Automaton(self._pattern)
        if self._automaton.start.accepting:
            raise ValueError(f"{self!r} has one header at least: some part must not be optional")
        self._links = Links(catalog, self._automaton)
        self._links.check(repr(self))
        self._reading = Reading(self._automaton, catalog, self._links, payload=payload)
        self._first = self._first_of()

    @staticmethod
    def from_text(text: str, *, payload: bool = True, catalog: Catalog = DEFAULT) -> AnyPipeline:
        """The pipeline that a text describes: `eth/vlan*/ip/udp/vxlan/eth`, `ethernet/(vlan/ipv4|ipv6)/udp{1}`.

        `/` separates parts and `|` alternatives; `?`, `*`, `+`, `{2}` and `{0,3}` repeat; parentheses group. Names are
        those of headers in paths, `eth` for `ethernet` and `ip` for `ipv4|ipv6`.

        Raises: ValueError, which says where the text is wrong, and as the constructor does.
        """
        check_text("text", text)
        check_catalog(catalog)
        return _pipeline((pattern_of(text, catalog),), payload, catalog)

    # --- as a value ---------------------------------------------------------------------------------------------------

    @property
    def pattern(self) -> InOrder:
        """The parts as data."""
        return self._pattern

    @property
    def payload(self) -> bool:
        """Whether a payload may follow the last header."""
        return self._payload

    @property
    def catalog(self) -> Catalog:
        """The catalog whose keys decide which header is next."""
        return self._catalog

    @property
    def headers(self) -> tuple[type[Header], ...]:
        """The headers, if they are fixed. Raises: SchemaError, where there are alternatives or optional parts."""
        return cast(tuple[type[Header], ...], headers_of(self._pattern))

    @property
    def automaton(self) -> Automaton:
        """The pattern as an automaton, for code that matches many packets at once."""
        return self._automaton

    def stacks(self, most: int) -> list[tuple[type[Header], ...]]:
        """The stacks that fit, of at most so many headers, those of few headers first: at most some thousands."""
        return list(stacks_of(self._automaton, most))

    def fields(self) -> list[str]:
        """The path of each field of each header that a packet of this pipeline can have.

        Where a part is repeated without a limit, it is counted as often as the catalog follows headers.
        """
        found: dict[str, None] = {}
        for stack in stacks_of(self._automaton, self._reading.catalog.max_headers):
            for name, cls in zip(names_of(stack), stack, strict=True):
                found |= dict.fromkeys(f"{name}.{field.name}" for field in cls.__layout__.fields)
        return list(found)

    def diagram(self, *, svg: bool = False) -> str:
        """The bits of all headers, 32 per row, with one figure below the other: text, or SVG.

        A line above the headers shows alternatives and repetitions, and the octet range of a header if it is the same
        in all packets.
        """
        check_flag("svg", svg)
        from overlaycodec.pipelines.diagram import stack_diagram_of, stack_diagram_svg_of

        if svg:
            return stack_diagram_svg_of(self._pattern, repr(self), payload=self._payload)
        return stack_diagram_of(self._pattern, payload=self._payload)

    def places(self) -> Places:
        """A place for each header of a packet, by name. Raises: SchemaError for a pattern without definite places."""
        from overlaycodec.pipelines.places import Places

        return Places(self._pattern, self._automaton)

    def chosen(self, headers: Sequence[Header], expected: Sequence[type[Header]], ahead: bytes) -> type[Header] | None:
        """The header that is next after some others, one of the expected ones or not; None: a payload.

        Keys decide, and the pattern where there are none, as in decoding. `ahead` are the octets that follow.

        Raises: ValueError, where the pipeline begins with one of several headers that have no key in common.
        """
        from overlaycodec.pipelines.choices import chosen_after, found_at

        if headers:
            return chosen_after(self._catalog, self._links, headers, expected, ahead)
        first = self.start()
        return first if isinstance(first, type) else found_at(self._catalog, first, (), ahead)

    def start(self) -> type[Header] | Key:
        """The header that data begins with, or the key of several such headers. Raises: ValueError for no such key."""
        if self._first is None:
            raise ValueError(f"{self!r} can begin with several headers: say which key is first, as LINK_TYPE(101)")
        return self._first

    def needs_steps(self, headers: tuple[type[Header], ...], state: State) -> bool:
        """Whether more than the headers and the keys of the catalog decides about packets that begin with these.

        That is so where the pattern decides which header is next, and within an optional part that may not be there.
        """
        longest = self._automaton.longest(headers)
        within = longest is not None and longest < len(headers)
        return within or any(not self._links.has(headers[-1], inside) for inside in state.expected)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pipeline):
            return NotImplemented
        return (self._pattern, self._payload, self._catalog) == (other._pattern, other._payload, other._catalog)

    def __hash__(self) -> int:
        return hash((self._pattern, self._payload))

    def __repr__(self) -> str:
        text = repr(self._pattern)
        return text if self._payload else f"{text[:-1]}, payload=False)"

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return _pipeline, (self._pattern.parts, self._payload, self._catalog)

    # --- combinations -------------------------------------------------------------------------------------------------

    # the last one is for pipelines of unknown headers: it takes what the others take, and says less of the result
    @overload
    def __add__(self, other: type[A]) -> Pipeline[*Hs, A]: ...  # type: ignore[overload-overlap]
    @overload
    def __add__(self, other: Pipeline[A]) -> Pipeline[*Hs, A]: ...  # type: ignore[overload-overlap]
    @overload
    def __add__(self, other: Pipeline[A, B]) -> Pipeline[*Hs, A, B]: ...  # type: ignore[overload-overlap]
    @overload
    def __add__(self, other: Pipeline[A, B, C]) -> Pipeline[*Hs, A, B, C]: ...  # type: ignore[overload-overlap]
    @overload
    def __add__(self, other: Pipeline[A, B, C, D]) -> Pipeline[*Hs, A, B, C, D]: ...  # type: ignore[overload-overlap]
    @overload
    def __add__(self, other: PartLike) -> Pipeline[*tuple[Header, ...]]: ...
    def __add__(self, other: Any) -> Any:  # Any: see the overloads
        """This pipeline, and what follows it. Raises: as the constructor does; ValueError for another catalog."""
        payload = True
        if isinstance(other, Pipeline):
            payload = other._payload
            if other._catalog != self._catalog:
                raise ValueError("pipelines of different catalogs cannot be joined: make one with catalog=")
        elif not isinstance(other, type | Repeated | AnyOf | InOrder | UnionType):
            return NotImplemented
        return _pipeline((self._pattern, other), payload, self._catalog)

    def __or__(self, other: PartLike) -> AnyOf:
        """This pipeline or another part, as a part."""
        return self._pattern | other

    def __ror__(self, other: PartLike) -> AnyOf:
        return AnyOf.of(other, self._pattern)

    def __getitem__(self, times: int | slice) -> Repeated:
        """This pipeline several times in a row, as a part: `[0:1]` makes it optional."""
        return Repeated.of(self._pattern, times)

    # --- decoding -----------------------------------------------------------------------------------------------------

    def decode(
        self,
        data: BytesLike,
        *,
        first: type[Header] | Key | None = None,
        wire_length: int | None = None,
        fcs_octets: int = 0,
        lax: bool = False,
    ) -> Packet:
        """A packet of these headers; what follows the last of them is payload.

        It reads as many headers as match the pattern. `first` is where the data begins, as for `overlaycodec.decode`: a
        link type of a capture, for example; without it, the data begins with the first header of the pipeline. The
        other arguments are those of `overlaycodec.decode`. Lax decoding gives the headers that fit, and the fault.

        Raises: FieldValueError if another header, or no header, is found; DecodeError as `overlaycodec.decode`;
        ValueError without `first`, where the pipeline begins with one of several headers that have no key in common.
        """
        octets = data if type(data) is bytes else bytes_of(data)
        if first is None:
            first = self.start()
        return self._reading.decode(octets, first, wire_length, fcs_octets, lax)

    def unpack(
        self,
        data: BytesLike,
        *,
        first: type[Header] | Key | None = None,
        wire_length: int | None = None,
        fcs_octets: int = 0,
    ) -> tuple[*Hs]:
        """The headers of a packet, each with its type where the pipeline names one class for each.

        Raises: as `decode`.
        """
        packet = self.decode(data, first=first, wire_length=wire_length, fcs_octets=fcs_octets)
        return cast(tuple[*Hs], packet.headers)

    def matches(self, packet: Packet) -> bool:
        """Whether the packet begins with headers of this pipeline, however it was decoded or built."""
        check_packet(packet)
        count = self._automaton.longest(tuple(map(type, packet.headers)))
        return count is not None and (self._payload or (count == len(packet.headers) and not packet.payload))

    def _first_of(self) -> type[Header] | Key | None:
        """Where data begins: the first header, or a link type at which each of several first headers is found."""
        first = self._automaton.start.expected
        if len(first) == 1:
            return first[0]
        catalog = self._catalog
        for value in sorted(catalog.values(LINK_TYPE)):
            if {cls for _, cls in catalog.candidates(LINK_TYPE, value)} >= set(first):
                return LINK_TYPE(value)
        return None

    # --- encoding -----------------------------------------------------------------------------------------------------

    def encode(self, packet: Packet) -> bytes:
        """The octets of a packet of just these headers. Raises: EncodeError."""
        check_packet(packet)
        self.check_encodable(packet)
        return encode(packet, catalog=self._catalog)

    def check_encodable(self, packet: Packet) -> None:
        """Raises: EncodeError, where a packet is not one of just these headers."""
        if self._automaton.longest(tuple(map(type, packet.headers))) != len(packet.headers):
            raise EncodeError("packet", packet, f"is {', '.join(packet.names)}, not what {self!r} encodes")
        if packet.payload and not self._payload:
            raise EncodeError("payload", packet.payload, f"has {len(packet.payload)} octets; {self!r} has none")

    def build(
        self,
        values: Mapping[str, object] | None = None,
        /,
        *,
        payload: bytes = b"",
        **headers: Header | Mapping[str, Any],  # Any: a field's own type
    ) -> Packet:
        """A packet of these headers, by paths: `build(vxlan={"vni": 5}, inner={"ipv4": {"src": "10.0.0.1"}})`.

        `values` has full paths: `{"inner.vlan[1].vid": 7}`. Of several stacks, the packet has the one of fewest headers
        that has all headers that are named. Fields that are not given have their defaults.

        Raises: PathError where no such stack has a header that is named; TypeError and FieldRangeError as the headers'
        constructors do.
        """
        given = {} if values is None else values
        check_type("values", given, Mapping, "a mapping of paths to values")
        for path in given:
            check_text("a path of values", path)
        return built(self._automaton, self._reading.catalog.max_headers, given, headers, payload)


def _pipeline(parts: tuple[object, ...], payload: bool, catalog: Catalog) -> Pipeline[*tuple[Header, ...]]:
    return Pipeline(*map(part_of, parts), payload=payload, catalog=catalog)


AnyPipeline: TypeAlias = Pipeline[*tuple[Any, ...]]  # Any: pipelines do not vary with their headers' types
"""A pipeline of any headers."""


def check_pipeline(value: object, name: str = "pipeline") -> None:
    """Raises: TypeError for what is no pipeline."""
    check_type(name, value, Pipeline, "a Pipeline")

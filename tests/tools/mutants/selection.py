"""Which modules are changed, and which tests are run for each."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from tests.tools.mutants.runs import ROOT, SOURCE

VECTORS: Final = (
    *(
        f"tests/vectors/test_vectors.py::test_{name}"
        for name in (
            "decoding_gives_the_stack_and_the_fields",
            "decoding_gives_the_fault",
            "encoding_gives_the_octets_back",
            "encoding_in_one_go_gives_the_octets_back",
        )
    ),
)
_GUESSED_VECTORS: Final = ("tests/vectors/test_vectors.py::test_a_guess_gives_the_same",)
_AGREEMENT: Final = (
    "tests/laws/test_agreement.py::test_values_and_octets_agree",
    "tests/laws/test_agreement.py::test_faults_agree",
)
_CORE: Final = (
    "tests/test_errors.py",
    "tests/codec",
    "tests/laws/test_limits.py",
    "--deselect=tests/codec/test_codegen.py::test_no_line_is_longer_than_those_of_the_library",
)
_CHECKSUMS: Final = ("tests/editing/test_checksums.py", "tests/editing/test_fill.py")


def _arguments(*packages: str) -> tuple[str, ...]:
    """The tests that give wrong arguments to these functions and classes, or to those of these packages."""
    file = "tests/laws/test_arguments.py"
    names = re.findall(
        rf'^    "((?:{"|".join(packages)})(?:[.[ ][^"]*)?)": Call', (ROOT / file).read_text(), re.MULTILINE
    )
    return tuple(f"{file}::test_junk_gives_a_value_or_a_sentence[{name}]" for name in names)


_ARGUMENTS: Final = _arguments(
    "decode",
    "encode",
    "resolve",
    "Packet",
    "Header",
    "Element",
    "Trailer",
    "FCS",
    "FieldView",
    "Catalog",
    "KeySpace",
    "Key",
)
_COLUMNS_OF_VECTORS: Final = ("tests/vectors/test_vectors.py::test_columns_give_the_same",)
_RECORDS: Final = ("tests/maintaining/test_records.py", "tests/maintaining/test_public_api.py")
_USERS: Final = (
    "tests/tunnel",
    "tests/findings",
    "tests/reassembly",
    "tests/pipelines/test_pipeline.py",
    "tests/pipelines/test_text.py",
    "tests/pipelines/test_construct.py",
    "tests/laws/test_from_construct.py",
    "tests/laws/test_linear_cost.py",
    *_RECORDS,
    *_ARGUMENTS,
    "tests/laws/test_roundtrip.py::test_trailing_octets_stay_out_of_the_headers",
    "tests/laws/test_roundtrip.py::test_a_packet_decodes_to_what_it_resolves_to",
)
"""What stands on the core, and notices what the core's own tests do not."""


TESTS: Final[dict[str, Sequence[str]]] = {
    "schema": ("tests/schema", *VECTORS, *_CORE, *_CHECKSUMS, *_AGREEMENT, "tests/describe", "tests/display", *_USERS),
    "packet": (
        "tests/packet/test_packets.py",
        "tests/test_errors.py",
        "tests/packet/test_text_paths.py",
        "tests/packet/test_fcs.py",
        "tests/codec/test_packet_decoder.py",
        "tests/vlan",
        *VECTORS,
        "tests/packet/test_scopes.py",
        "tests/packet/test_spans.py",
        "tests/packet/test_repeated_headers.py",
        "tests/trailers",
        "tests/schema",
        "tests/codec/test_options.py",
        "tests/codec/test_jumbograms.py",
        *_CHECKSUMS,
        "tests/protocols/test_late_families.py",
        "tests/describe",
        "tests/display",
        "tests/filters",
        *_USERS,
        "tests/packet/test_repr.py",
    ),
    "codec": (
        "tests/codec/test_stack_encoder.py",
        "tests/codec/test_packet_decoder.py",
        *VECTORS,
        *_CORE,
        "tests/schema",
        *_GUESSED_VECTORS,
        *_CHECKSUMS,
        *_AGREEMENT,
        "tests/protocols/test_late_families.py",
        "tests/trailers",
        *_USERS,
        "tests/laws/test_roundtrip.py::test_damaged_octets_encode_to_themselves",
    ),
    "checksum": ("tests/editing", "tests/vlan", "tests/schema/test_vocabulary.py", *VECTORS),
    "columnar": (
        *(
            f"tests/columnar/test_{name}.py"
            for name in (
                "columns",
                "where",
                "encode_columns",
                "record_columns",
                "list_columns",
                "guess_columns",
                "jumbogram_columns",
                "addresses",
                "table_pages",
                "pipelines",
                "pipeline_stacks",
                "many_stacks",
                "polars_scan",
                "arrow_streams",
            )
        ),
        *_COLUMNS_OF_VECTORS,
        *_RECORDS,
        *_arguments("columns", "iter_columns", "arrow_schema", "batches", "encode_columns", "Table", "Frames"),
        "tests/capture/test_odd_blocks.py",
    ),
    "columnar.workers": ("tests/columnar/test_workers.py",),
    "capture": (
        "tests/capture",
        "tests/cli/test_kept.py",
        *_arguments("Record", "Capture", "Block", "open_capture", "splits", "Split", "write_capture"),
        "tests/cli/test_rewriting.py",
        "tests/columnar/test_record_columns.py",
        "tests/columnar/test_workers.py",
        *_RECORDS,
    ),
    "tunnel": (
        "tests/tunnel",
        "tests/findings/test_findings.py",
        *_arguments("tunnel"),
        "tests/offload",
        "tests/laws/test_linear_cost.py",
        *_RECORDS,
    ),
    "vlan": (
        "tests/vlan",
        *_arguments("vlan"),
        "tests/findings/test_findings.py",
        "tests/cli/test_rewriting.py",
        *_RECORDS,
    ),
    "reassembly": (
        "tests/reassembly",
        *_arguments("reassembly"),
        *_RECORDS,
        "tests/tunnel",
        "tests/laws/test_linear_cost.py",
    ),
    "findings": (
        "tests/findings",
        "tests/tunnel/test_receive.py",
        "tests/cli/test_diagnose.py",
        "tests/tunnel",
        *_arguments("diagnose"),
        "tests/laws/test_linear_cost.py",
        *_RECORDS,
    ),
    "editing": (
        "tests/editing",
        "tests/icmp_errors/test_extensions.py",
        "tests/packet/test_fcs.py",
        "tests/codec/test_jumbograms.py",
        "tests/codec/test_guesses.py",
        *_arguments("checksums", "fill", "rewrite"),
        "tests/vlan",
        "tests/tunnel",
        *VECTORS,
        "tests/reassembly",
        *_RECORDS,
    ),
    "offload": ("tests/offload", *_arguments("offload")),
    "icmp_errors": ("tests/icmp_errors", *_arguments("icmp_errors"), "tests/tunnel"),
}
"""The tests of each package, or of a module that has its own: quick ones, and those first that notice most."""

_CODEC: Final = tuple(
    f"tests/codec/test_{name}.py"
    for name in ("stack_encoder", "packet_decoder", "options", "stack_decoder", "dialects", "jumbograms")
)
_CHOICES: Final = tuple(
    f"tests/codec/test_{name}.py"
    for name in ("struct_plan", "catalog", "candidates", "code_limits", "field_views", "choices")
)


def _files(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/{folder}/test_{name}.py" for name in names)


_COLUMNS: Final = tuple(
    f"tests/columnar/test_columns.py::test_{name}"
    for name in (
        "any_octets",
        "most_packets_have_one_size_and_others_another",
        "few_packets_have_more_or_fewer_options_than_the_rest",
        "what_is_no_element_of_one_class_is_read_as_one_of_another",
        "more_headers_than_are_followed",
        "verdicts",
        "verdicts_where_a_source_route_names_the_final_destination",
        "records_cut_at_every_octet_show_nothing_of_the_next",
        "a_length_that_reaches_into_the_next_record",
        "a_table",
        "without_names_every_field_that_occurs",
        "sources",
        "kinds_of_pcap",
        "batches_are_whole",
        "a_length_is_no_ethertype",
        "columns_of_frame_check_sequences",
        "most_packets_are_walked_in_groups",
        *(
            f"every_field_of_every_capture[{name}]"
            for name in ("linux-geneve-options", "linux-ipv4-options", "linux-tcp", "linux-icmpv6-errors", "ovs-gtpu")
        ),
        "verdicts_of_every_capture",
    )
)
"""Of the comparisons with the packets' own values: a few captures, and no survey."""
_ENCODED: Final = tuple(
    f"tests/columnar/test_encode_columns.py::test_{name}"
    for name in (
        "a_sum_of_ffff_is_told_from_0",
        "what_cannot_be_written_is_refused_with_column_and_packet",
        "addresses_in_every_form",
        "payloads_as_rows_of_an_array",
        "a_table_that_was_read_is_a_set_of_columns",
        "frames_are_a_sequence_of_octets",
        "frames_without_a_packet_and_those_that_no_file_can_hold",
        "frames_have_a_link_type_and_check_sequences",
        "times_of_frames_before_1970",
        "what_one_field_decides_of_others",
        "payloads_of_any_length_under_what_can_bear_them_and_what_cannot",
        "what_real_stacks_wrote_is_written_again",
        "more_packets_than_are_written_at_once_of_several_shapes_and_lengths",
        *(
            f"the_octets_are_those_of_the_scalar_encoder[{name}]"
            for name in ("TCP", "Geneve", "SCTP", "GRE", "IPv6Routing", "ICMPv6")
        ),
        "a_capture_of_frames_is_that_of_their_records",
    )
)
_WHERE: Final = tuple(
    f"tests/columnar/test_where.py::test_{name}"
    for name in (
        "columns_of_a_filter_are_not_in_the_table",
        "columns_of_many_addresses_are_searched",
        "columns_take_a_pipeline_and_a_filter",
        "times_that_do_not_fit_columns_are_compared",
        "which_packets_facts_of_the_record_select",
        "columns_are_decoded_for_the_packets_that_match_alone",
        "tables_come_after_so_many_packets_whatever_matches",
        "columns_and_packets_agree_on_any_packets",
    )
)
_PCAP: Final = _files("capture", "pcap", "write", "damage", "readers")
_PCAPNG: Final = _files("capture", "pcapng", "write", "damage", "decode")
_KEPT: Final = "tests/cli/test_kept.py"
_REWRITING: Final = (*_files("capture", "changed_packets"), _KEPT, *_PCAPNG[1:2], "tests/cli/test_rewriting.py")
_SCANS: Final = (
    *_files("capture", "record_scan", "odd_blocks"),
    *_files("columnar", "record_columns"),
    *_COLUMNS[10:14],
)
_SPLITS: Final = (*_files("capture", "bounds", "splits"), *_files("columnar", "workers"))
_PARTS_OF_CAPTURE: Final[dict[str, Sequence[str]]] = {
    "capture": ("tests/capture", _RECORDS[0], _KEPT),
    "capture.bulk": _SCANS,
    **dict.fromkeys(
        ("capture.bulk.record_write", "capture.frames"),
        (*_files("capture", "bounds"), *_files("columnar", "table_pages"), *_ENCODED),
    ),
    "capture.pcap": _PCAP,
    "capture.pcap_writer": (*_PCAP[1:2], _KEPT),
    "capture.pcapng": (*_PCAPNG, "tests/capture/test_odd_blocks.py", _KEPT),
    "capture.pcapng_writer": (*_PCAPNG[:2], _KEPT),
    "capture.pcapng_rewriter": _REWRITING,
    "capture.pcapng_changes": _REWRITING,
    **dict.fromkeys(("capture.boundaries", "capture.part", "capture.record_chains", "capture.split"), _SPLITS),
    **dict.fromkeys(("capture.splitting", "capture.walk"), _SPLITS),
}
_SAME_COLUMNS: Final = (
    *_files("columnar", "arrays", "list_columns", "guess_columns", "many_stacks"),
    *_COLUMNS,
    *_files("columnar", "jumbogram_columns", "record_columns", "trailer_columns", "pipelines"),
    *_WHERE,
)
_TABLES: Final = _arguments("columns", "iter_columns", "arrow_schema", "batches", "Table", "Frames")
_PARTS_OF_COLUMNAR: Final[dict[str, Sequence[str]]] = {
    "columnar": (
        *_files("columnar", "arrow_streams", "table_pages"),
        *_COLUMNS,
        *_files("columnar", "record_columns"),
        *_TABLES,
    ),
    "columnar.address_text": _files("columnar", "addresses"),
    **dict.fromkeys(
        ("columnar.arrow", "columnar.arrow_reader", "columnar.column_facts", "columnar.identity"),
        _files("columnar", "arrow_streams", "addresses", "polars_scan", "record_columns"),
    ),
    "columnar.decode": _SAME_COLUMNS,
    "columnar.encode": (
        *_files("columnar", "arrays", "pipeline_stacks"),
        *_ENCODED,
        *_files("columnar", "jumbogram_columns"),
        *_arguments("encode_columns"),
    ),
    "columnar.ones_complement": (*_files("columnar", "arrays"), *_ENCODED, *_COLUMNS),
    "columnar.polars_predicate": _files("columnar", "polars_scan"),
    "columnar.polars_scan": _files("columnar", "polars_scan"),
    "columnar.workers": _files("columnar", "workers"),
}
"""Modules of these two packages that few tests reach: a whole package takes minutes."""
_ABOVE_CODEC: Final = ("tests/test_errors.py", "tests/pipelines/test_pipeline.py", "tests/trailers", *_CHECKSUMS)
BRIEF: Final[dict[str, Sequence[str]]] = {
    "schema": ("tests/schema", _RECORDS[0], *VECTORS, *_CHECKSUMS, *_CODEC[:3], "tests/describe", "tests/tunnel"),
    "packet": (
        "tests/packet/test_packets.py",
        "tests/packet/test_text_paths.py",
        "tests/packet/test_fcs.py",
        "tests/packet/test_scopes.py",
        "tests/packet/test_spans.py",
        "tests/packet/test_repeated_headers.py",
        "tests/trailers",
        "tests/vlan",
        _RECORDS[0],
        *VECTORS,
        "tests/schema",
        *_CHECKSUMS,
        *_CODEC,
        "tests/tunnel",
    ),
    "codec": (*_CODEC[:2], *VECTORS, *_CODEC[2:], *_CHOICES, *_ABOVE_CODEC, "tests/schema"),
    "vlan": ("tests/vlan", *_arguments("vlan"), _RECORDS[0]),
    "reassembly": ("tests/reassembly", _RECORDS[0], *_arguments("reassembly")),
    "findings": ("tests/findings", _RECORDS[0], *_arguments("diagnose")),
    "tunnel": ("tests/tunnel", *_arguments("tunnel"), _RECORDS[0]),
    **_PARTS_OF_CAPTURE,
    **_PARTS_OF_COLUMNAR,
}
"""Those that notice most, for a package: a tenth of the time. What survives them may be noticed by the others."""

CORE: Final = ("schema", "packet", "codec")
"""The packages of which more is asked; `checksum`, which is one module, counts with the others."""


def suite_of(module: str, *, brief: bool = False) -> Sequence[str]:
    """The tests of a module such as `codec.catalog`: of the longest name in `TESTS` that begins its name.

    `brief`: of the longest name in `BRIEF` instead, where there is one.
    """
    if brief and (name := _longest(module, BRIEF)):
        return BRIEF[name]
    return TESTS[_longest(module, TESTS)]


def _longest(module: str, names: Collection[str]) -> str:
    """The longest of these names that the module has, or a package around it; empty if there is none."""
    while module and module not in names:
        module = module.rpartition(".")[0]
    return module


def packages() -> list[str]:
    """The packages, and the modules outside packages, that are changed."""
    return [name for name in TESTS if "." not in name]


def modules_of(name: str) -> list[str]:
    """The modules of a package, or the one module of this name; a package's own file is named like it."""
    place = SOURCE / name.replace(".", "/")
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    found = (".".join(file.relative_to(SOURCE).with_suffix("").parts) for file in files)
    return [module.removesuffix(".__init__") for module in found]

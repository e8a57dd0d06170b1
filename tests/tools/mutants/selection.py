"""Which modules are changed, and which tests are run for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    "editing": ("tests/editing", "tests/vlan", "tests/tunnel", "tests/packet/test_fcs.py", *VECTORS),
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
_COLUMNS: Final = ("columns", "where", "encode_columns", "record_columns", "list_columns", "guess_columns", "addresses")
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
    "codec": (*_CODEC[:2], *VECTORS, *_CODEC[2:], *_CHOICES, "tests/test_errors.py", "tests/schema", *_CHECKSUMS),
    "vlan": ("tests/vlan", *_arguments("vlan"), _RECORDS[0]),
    "reassembly": ("tests/reassembly", _RECORDS[0]),
    "findings": ("tests/findings", _RECORDS[0]),
    "tunnel": ("tests/tunnel", *_arguments("tunnel"), _RECORDS[0]),
    "capture": ("tests/capture", _RECORDS[0], "tests/cli/test_kept.py"),
    "columnar": (*(f"tests/columnar/test_{name}.py" for name in _COLUMNS), _RECORDS[0]),
}
"""Those that notice most, for a package: a tenth of the time. What survives them may be noticed by the others."""

CORE: Final = ("schema", "packet", "codec")
"""The packages of which more is asked; `checksum`, which is one module, counts with the others."""


def suite_of(module: str, *, brief: bool = False) -> Sequence[str]:
    """The tests of a module such as `codec.catalog`: of the longest name in `TESTS` that begins its name.

    `brief`: only those of `BRIEF`, where its package has some.
    """
    if brief and (tests := BRIEF.get(module.partition(".")[0])):
        return tests
    name = module
    while name not in TESTS:
        name = name.rpartition(".")[0]
    return TESTS[name]


def packages() -> list[str]:
    """The packages, and the modules outside packages, that are changed."""
    return [name for name in TESTS if "." not in name]


def modules_of(name: str) -> list[str]:
    """The modules of a package, or the one module of this name; a package's own file is named like it."""
    place = SOURCE / name.replace(".", "/")
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    found = (".".join(file.relative_to(SOURCE).with_suffix("").parts) for file in files)
    return [module.removesuffix(".__init__") for module in found]

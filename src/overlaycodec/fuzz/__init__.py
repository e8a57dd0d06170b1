"""Packets that test other people's parsers: mutations that know where fields, lengths and layers are.

>>> import overlaycodec as oc
>>> from overlaycodec import fuzz
>>> packet = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1, dst_port=2) / b"hello"
>>> [(case.label, len(case.data)) for case in fuzz.mutations(packet, seed=1, count=2)]
[('all values at their largest', 33), ('ipv4.total_length = 32768', 33)]
"""

from __future__ import annotations

from overlaycodec.fuzz.case import Case, Verdict
from overlaycodec.fuzz.corpus import Form, cases, seeds_of, write_corpus
from overlaycodec.fuzz.decoders import Command, Decoder, HeaderReading, OverlayCodec, Reading
from overlaycodec.fuzz.dictionary import dictionary
from overlaycodec.fuzz.differential import Comparison, Difference, compare
from overlaycodec.fuzz.engines import CustomCrossOver, CustomMutator, EngineMutator
from overlaycodec.fuzz.mutation import KINDS, Fix, Kind, Mutation
from overlaycodec.fuzz.mutator import Mutator, mutations

__all__ = [
    "KINDS",
    "Case",
    "Command",
    "Comparison",
    "CustomCrossOver",
    "CustomMutator",
    "Decoder",
    "Difference",
    "EngineMutator",
    "Fix",
    "Form",
    "HeaderReading",
    "Kind",
    "Mutation",
    "Mutator",
    "OverlayCodec",
    "Reading",
    "Verdict",
    "cases",
    "compare",
    "dictionary",
    "mutations",
    "seeds_of",
    "write_corpus",
]

"""A suite of packets with what is known of them from outside, and scores of decoders against it.

>>> from overlaycodec import conformance
>>> result = conformance.score("overlaycodec", [conformance.suite()[0]]).results[0]
>>> result.outcome
'right'
"""

from __future__ import annotations

from overlaycodec.conformance.scoring import OUTCOMES, Outcome, Result, Score, score
from overlaycodec.conformance.suite import EVIDENCE, VERSION, Case, Evidence, schema, suite, suite_text

__all__ = [
    "EVIDENCE",
    "OUTCOMES",
    "VERSION",
    "Case",
    "Evidence",
    "Outcome",
    "Result",
    "Score",
    "schema",
    "score",
    "suite",
    "suite_text",
]

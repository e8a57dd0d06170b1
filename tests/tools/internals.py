"""The one place where tests reach a private name of the library, each with the reason.

`tests/maintaining/test_private_names.py` lets no other file do so.
"""

from __future__ import annotations

from overlaycodec import Catalog
from overlaycodec.codec.code_cache import CodeCache


def code_of(catalog: Catalog) -> CodeCache:
    """The code that is generated for a catalog.

    Users have no need of it, so it is not public. Tests ask which stacks are learnt and which encoders are made, since
    packets are the same with and without them.
    """
    return catalog._code


def set_code(catalog: Catalog, code: CodeCache) -> None:
    """Replace the generated code of a catalog, so that what other tests decoded has no effect."""
    catalog._code = code

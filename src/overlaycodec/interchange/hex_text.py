r"""Hexadecimal text -> octets, in the forms that tools print and copy.

Strategy: the form is found from the text as a whole: escapes (`\x52\x54`), C arrays (`0x52, 0x54`), dumps whose lines
begin with an offset (tcpdump, xxd, hexdump, od, Wireshark), or digits alone. What fits none of them is an error that
shows the place; nothing is guessed from a part of the text.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import Final, NamedTuple

__all__ = ["octets_of_text"]

_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\x([0-9A-Fa-f]{2})")
_BETWEEN_ESCAPES: Final = re.compile(r"""(?:[\s"';,+]|\\(?=\s))*""")
_BYTES_LITERAL: Final = re.compile(r"""b(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")
_ARRAY_START: Final = re.compile(r"^[^{}]*=\s*(?=[{\[])")
_ARRAY_ITEM: Final = re.compile(r"0[xX]([0-9A-Fa-f]+)")
_BETWEEN_ITEMS: Final = re.compile(r"[\s,;:{}()\[\]]*")
_OFFSET: Final = re.compile(r"\s*(?:0x)?([0-9A-Fa-f]{3,16})(:?)(?:\s+|$)")
_OCTETS: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_COLUMN: Final = re.compile(r"\s{3,}|\s*\|")
"""What stands between the octets and the column of letters, where a line has fewer octets than others."""
_SEPARATORS: Final = re.compile(r"[\s:,.\-]+")
_ROW: Final = 16
_MOST_OCTETS: Final = 1 << 20
_WORD: Final = 4
_OD_DIGITS: Final = 7
_SWAPPED_OFFSETS: Final = (6, 7)
"""The digits of an offset as `hexdump` and `od -x` print it: their words have the order of a little-endian machine."""


class _Row(NamedTuple):
    number: int
    digits: str
    colon: bool
    rest: str
    repeats: bool
    """Whether a line of one asterisk stands before it: the octets before are repeated up to here."""

    def offset(self, base: int = 16) -> int:
        """The offset, in octets."""
        return int(self.digits, base)


def octets_of_text(text: str) -> bytes:
    """The octets that the text stands for.

    Raises: ValueError for text that is no such form, or that holds more than one packet.
    """
    if not isinstance(text, str):
        raise TypeError(f"hexadecimal digits are text, not {type(text).__name__}")
    if "\\x" in text or _BYTES_LITERAL.fullmatch(text.strip()):
        return _of_escapes(text)
    rows = _rows(text)
    if rows is not None:
        return _of_rows(rows)
    if re.search(r"0[xX][0-9A-Fa-f]", text):
        return _of_array(text)
    return _of_digits(text)


def _of_escapes(text: str) -> bytes:
    literals = _BYTES_LITERAL.findall(text)
    if literals and not re.sub(r"[\s()+\\]", "", _BYTES_LITERAL.sub("", text)):
        return b"".join(ast.literal_eval(literal) for literal in literals)
    return _of_items(text, _ESCAPE, _BETWEEN_ESCAPES, "an escape such as \\x52")


def _of_array(text: str) -> bytes:
    text = _ARRAY_START.sub("", _COMMENT.sub(" ", text), count=1)
    return _of_items(text, _ARRAY_ITEM, _BETWEEN_ITEMS, "a number such as 0x52")


def _of_items(text: str, item: re.Pattern[str], between: re.Pattern[str], wanted: str) -> bytes:
    digits: list[str] = []
    at = _end(between, text, 0)
    while at < len(text):
        match = item.match(text, at)
        if match is None:
            raise ValueError(f"{_place(text, at)}: {wanted} should be here")
        found = match[1]
        digits.append(found if len(found) % 2 == 0 else f"0{found}")
        at = _end(between, text, match.end())
    return bytes.fromhex("".join(digits))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()


def _of_digits(text: str) -> bytes:
    digits = _SEPARATORS.sub("", text)
    wrong = re.search(r"[^0-9A-Fa-f\s:,.\-]", text)
    if wrong is not None:
        raise ValueError(f"{_place(text, wrong.start())}: {wrong[0]!r} is no hexadecimal digit")
    if len(digits) % 2:
        raise ValueError(f"{len(digits)} hexadecimal digits: an octet has two")
    return bytes.fromhex(digits)


def _place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - (text.rfind(chr(10), 0, at) + 1) + 1}"


# --- dumps with offsets -----------------------------------------------------------------------------------------------


def _rows(text: str) -> list[_Row] | None:
    """The lines that begin with an offset; None where the text is no dump.

    With a colon behind the offsets, other lines may stand between: tcpdump prints a summary before each packet.
    """
    rows: list[_Row] = []
    others = 0
    repeats = False
    for number, line in enumerate(text.splitlines(), 1):
        match = _OFFSET.match(line)
        if match is not None:
            rows.append(_Row(number, match[1], bool(match[2]), line[match.end() :], repeats))
            repeats = False
        elif line.strip() == "*":
            repeats = True
        elif line.strip():
            others += 1
    marked = [row for row in rows if row.colon]
    if marked:
        return marked if marked[0].offset() == 0 and _OCTETS.match(marked[0].rest) else None
    if others or not rows or rows[0].offset() or len(rows[0].digits) < _WORD or not rows[0].rest:
        return None
    if len(rows) > 1:
        rising = all(before.offset() < after.offset() for before, after in pairwise(rows))
        return rows if rising and len(rows[1].digits) == len(rows[0].digits) else None
    # one line: its first word is an offset where the words after it are of another length
    return rows if any(len(word) != len(rows[0].digits) for word in rows[0].rest.split()) else None


def _of_rows(rows: list[_Row]) -> bytes:
    octal = not rows[0].colon and len(rows[0].digits) == _OD_DIGITS and set(rows[-1].digits) <= set("01234567")
    if not octal:
        return _of_rows_in(rows, 16)
    if len(rows[0].rest.split()[0]) < _WORD:  # `od -tx1`
        return _of_rows_in(rows, 8)
    try:
        return _of_rows_in(rows, 16)  # `hexdump`
    except ValueError:
        return _of_rows_in(rows, 8)  # `od -x`


def _of_rows_in(rows: list[_Row], base: int) -> bytes:
    """The octets of a dump whose offsets have this base. Raises: ValueError where they do not fit the octets."""
    data = bytearray()
    for index, row in enumerate(rows):
        offset = row.offset(base)
        if offset == 0 and data:
            raise ValueError(f"line {row.number}: the offsets start again at 0: give one packet at a time")
        if row.repeats and len(data) >= _ROW:
            if offset > _MOST_OCTETS:
                raise ValueError(f"line {row.number}: the offset {offset} is beyond {_MOST_OCTETS} octets")
            while len(data) < offset:
                data += data[-_ROW:]
        ends = not row.rest.strip() and bool(data) and index + 1 == len(rows)  # hexdump and od end with the length
        if ends and len(data) - offset in (0, 1):  # the last word of an odd number of octets has a zero too many
            return bytes(data[:offset])
        if offset != len(data):
            raise ValueError(f"line {row.number}: the offset is {offset}, after {len(data)} octets")
        following = rows[index + 1] if index + 1 < len(rows) else None
        whole = following is None or following.repeats or not following.rest.strip()
        limit = _ROW if whole or following is None else following.offset(base) - offset
        data += _octets_of_row(row, min(limit, _ROW * 4) if limit > 0 else _ROW)
    return bytes(data)


def _octets_of_row(row: _Row, limit: int) -> bytes:
    words: list[str] = []
    rest, octets = row.rest, 0
    while octets < limit and (match := _OCTETS.match(rest)):
        word = match[0]
        if octets + len(word) // 2 > limit:
            break
        words.append(word)
        octets += len(word) // 2
        rest = rest[match.end() :]
        if _COLUMN.match(rest) or not rest[:1].isspace():
            break
        rest = rest.lstrip()
    if not words:
        raise ValueError(f"line {row.number}: no octets follow the offset")
    swapped = not row.colon and len(row.digits) in _SWAPPED_OFFSETS and all(len(word) == _WORD for word in words)
    return bytes.fromhex("".join(word[2:] + word[:2] if swapped else word for word in words))

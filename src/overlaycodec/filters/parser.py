"""Text -> an expression, checked against the declarations of a catalog.

    expression = conjunction, {"or", conjunction}
    conjunction = negation, {"and", negation}
    negation = {"not"}, (test | "(", expression, ")")
    test = path, [operator, value | ["not"], "in", (item | "{", item, {",", item}, "}")]
    item = value | value, "..", value | address, "/", length

Strategy: recursive descent, with a bound for how deep expressions are within each other. Tokens are read where they are
asked for, since the same text is a path at one place and a value at another. The time is linear in the text.
"""

from __future__ import annotations

import re
from typing import Final, cast

from overlaycodec.codec.catalog import Catalog
from overlaycodec.errors import FilterError, PathError
from overlaycodec.filters.expression import (
    MOST_NESTED,
    Compare,
    Expression,
    In,
    Item,
    Operator,
    Prefix,
    Present,
    Range,
    Value,
    all_of,
    any_of,
    inverse_of,
    nesting_of,
)
from overlaycodec.filters.operands import Operand, operand_of

__all__ = ["parsed"]

_SPACE: Final = re.compile(r"\s*")
_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]]*")
_OPERATOR: Final = re.compile(r"==|!=|<=|>=|<|>|=")
_VALUE: Final = re.compile(r"""(?:[0-9A-Za-z_:/%+-]|\.(?!\.))+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SIGNS: Final = {"and": "&&", "or": "||", "not": "!"}
"""Other forms of the words, as they are in C and in Wireshark."""
_LONGEST: Final = 256
"""The most characters of a path."""
_EXAMPLE: Final = "a header or a field, such as vxlan or vxlan.vni"


def parsed(text: str, catalog: Catalog) -> tuple[Expression, dict[str, Operand]]:
    """The expression that the text means, and what its paths name. Raises: FilterError."""
    parser = _Parser(text, catalog)
    expression = parser.expression(0)
    parser.end()
    if nesting_of(expression) > MOST_NESTED:
        raise FilterError(f"at most {MOST_NESTED} expressions can be within each other", text, 0)
    return expression, parser.operands


class _Parser:
    def __init__(self, text: str, catalog: Catalog) -> None:
        self._text, self._catalog = text, catalog
        self._at = 0
        self.operands: dict[str, Operand] = {}
        self._skip()

    # --- tokens -------------------------------------------------------------------------------------------------------

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _error(self, reason: str, at: int | None = None) -> FilterError:
        return FilterError(reason, self._text, self._at if at is None else at)

    def _unexpected(self, wanted: str) -> FilterError:
        found = repr(self._text[self._at : self._at + 20].split(" ")[0]) if self._at < len(self._text) else "the end"
        return self._error(f"{found} is not {wanted}")

    def _sign(self, sign: str) -> bool:
        """Whether this sign is next; it is read."""
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        self._skip()
        return True

    def _word(self, word: str) -> bool:
        """Whether this word, or its sign, is next; it is read."""
        match = _PATH.match(self._text, self._at)
        if match is not None and match[0] == word:
            self._at = match.end()
            self._skip()
            return True
        sign = _SIGNS.get(word)
        return sign is not None and not self._text.startswith("!=", self._at) and self._sign(sign)

    def end(self) -> None:
        """Raises: FilterError where the text goes on."""
        if self._at < len(self._text):
            raise self._unexpected("and, or or the end")

    # --- expressions --------------------------------------------------------------------------------------------------

    def expression(self, depth: int) -> Expression:
        """Conjunctions with `or` between them."""
        terms = [self._conjunction(depth)]
        while self._word("or"):
            terms.append(self._conjunction(depth))
        return any_of(tuple(terms))

    def _conjunction(self, depth: int) -> Expression:
        terms = [self._negation(depth)]
        while self._word("and"):
            terms.append(self._negation(depth))
        return all_of(tuple(terms))

    def _negation(self, depth: int) -> Expression:
        negated = False
        while self._word("not"):
            negated = not negated
        start = self._at
        if self._sign("("):
            if depth == MOST_NESTED:
                raise self._error(f"at most {MOST_NESTED} parentheses can be within each other", start)
            term = self.expression(depth + 1)
            if not self._sign(")"):
                raise self._unexpected("and, or or a closing parenthesis")
        else:
            term = self._test()
        return inverse_of(term) if negated else term

    def _test(self) -> Expression:
        start = self._at
        match = _PATH.match(self._text, start)
        if match is None or match[0] in ("and", "or", "in"):
            raise self._unexpected(_EXAMPLE)
        path = match[0]
        if len(path) > _LONGEST:
            raise self._error("the path is too long")
        operand = self._operand(path)
        self._at = match.end()
        self._skip()
        operator = _OPERATOR.match(self._text, self._at)
        if operator is not None:
            return self._comparison(path, operand, operator)
        before = self._at
        negated = self._word("not")
        if self._word("in"):
            self._check_comparable(operand, before)
            contained = In(path, self._items(operand))
            return inverse_of(contained) if negated else contained
        self._at = before
        return Compare(path, "==", True) if operand.is_flag else Present(path)

    def _operand(self, path: str) -> Operand:
        operand = self.operands.get(path)
        if operand is None:
            try:
                operand = self.operands[path] = operand_of(path, self._catalog)
            except PathError as error:
                raise self._error(str(error)) from None
        return operand

    def _comparison(self, path: str, operand: Operand, operator: re.Match[str]) -> Compare:
        if operator[0] == "=":
            raise self._error("'=' is no operator: did you mean '=='?")
        self._check_comparable(operand, self._at)
        self._at = operator.end()
        self._skip()
        start = self._at
        item = self._item(operand)
        if isinstance(item, Range | Prefix):
            raise self._error(f"{path} is compared with one value: did you mean '{path} in {item}'?", start)
        if operator[0] not in ("==", "!=") and isinstance(item, bool | bytes | str):
            raise self._error(f"{path} has no order here: compare it by == or !=", start)
        if isinstance(item, bool) and operator[0] == "!=":
            return Compare(path, "==", not item)
        return Compare(path, cast("Operator", operator[0]), item)

    def _check_comparable(self, operand: Operand, at: int) -> None:
        if operand.is_header:
            raise self._error(f"{operand.path.name} is a header: compare one of its fields", at)
        if not operand.kinds:
            raise self._error(f"the values of {operand.path.name} cannot be compared; alone, it asks for presence", at)

    # --- values -------------------------------------------------------------------------------------------------------

    def _items(self, operand: Operand) -> tuple[Item, ...]:
        if not self._sign("{"):
            return (self._item(operand),)
        items = [self._item(operand)]
        while self._sign(","):
            items.append(self._item(operand))
        if not self._sign("}"):
            raise self._unexpected("a comma or a closing brace")
        return tuple(items)

    def _item(self, operand: Operand) -> Item:
        start = self._at
        text = self._value(operand)
        if "/" in text and text[0] not in "'\"" and not operand.is_text:
            try:
                return operand.prefix_of(text)
            except ValueError as error:
                raise self._error(str(error), start) from None
        low = self._meaning(operand, text, start)
        if not self._sign(".."):
            return low
        last = self._at
        high = self._meaning(operand, self._value(operand), last)
        if isinstance(low, bool | bytes | str) or type(low) is not type(high):
            raise self._error(f"{operand.path.name} has no ranges of such values", start)
        if int(low) > int(high):
            raise self._error(f"the range {text}.. ends before it begins", start)
        return Range(low, high)

    def _value(self, operand: Operand) -> str:
        match = _VALUE.match(self._text, self._at)
        if match is None:
            raise self._unexpected(f"a value of {operand.path.name}")
        self._at = match.end()
        self._skip()
        return match[0]

    def _meaning(self, operand: Operand, text: str, start: int) -> Value:
        try:
            return operand.value_of(_unquoted(text) if text[0] in "'\"" else text)
        except ValueError as error:
            raise self._error(str(error), start) from None


def _unquoted(text: str) -> str:
    """What text in quotes means: a backslash stands before a quote or a backslash, or before n for a line's end."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text[1:-1])

"""The arguments of facts, keys and class options: whether each one has a meaning.

Strategy: one table names, for each argument, what would be right and a test for it. What an argument refers to (other
fields, the class) is checked by `validation`, which sees the whole declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Final, NamedTuple

from overlaycodec.errors import SchemaError
from overlaycodec.schema.facts import (
    ByteOrder,
    Checksum,
    Const,
    CountedBy,
    Elements,
    Fact,
    FinalDestination,
    LengthField,
    PadTo,
    Selects,
    SetIfAny,
    SizedBy,
    Unless,
    Unparsed,
    ValueNames,
    When,
)
from overlaycodec.schema.keys import Asked, Fits, Key, KeySpace, MinOctets, Peek, Pieces, PreviousHeader, Within
from overlaycodec.schema.signs import KnownNext, NoFrame, Pattern, RightChecksum, SensibleContent, Sign
from overlaycodec.values.nearest_names import suggestion

__all__ = ["ARGUMENTS", "check_class_options", "check_fact", "check_key"]


class Rule(NamedTuple):
    """What an argument must be, in words, and the test for it."""

    text: str
    holds: Callable[[Any], bool]  # Any: it is what must be checked
    words: bool = False
    """Whether the text lists the words that there are."""

    def refusal(self, subject: str, name: str, argument: object) -> str:
        """The message for an argument that is wrong."""
        if self.words:
            return f"{subject}there is no {name} {argument!r}: it is {self.text}"
        if self.text.startswith("of "):
            article = "" if name in ("begins", "octets") else "an " if name[0] in "aeio" else "a "
            return f"{subject.replace(':', '')}needs {article}{name} {self.text}, not {argument!r}"
        return f"{subject}{name} is {self.text}, not {argument!r}"


def _is_number(value: object) -> bool:
    return type(value) is int


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isidentifier() and value == value.lower()


def _are_numbers(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(_is_number(item) and item >= 0 for item in value)


def _is_named(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and _is_text(value[0]) and _are_numbers(value[1])


def _are_named_values(value: object) -> bool:
    if isinstance(value, type):
        return issubclass(value, IntEnum) and len(value) > 0
    return isinstance(value, dict) and all(_is_number(k) and isinstance(v, str) for k, v in value.items())


def _is_length_rule(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and _NATURAL.holds(value[0]) and isinstance(value[1], Key)


def _least(bound: int) -> Rule:
    return Rule(f"of {bound} or more", lambda value: _is_number(value) and value >= bound)


def _optional(rule: Rule) -> Rule:
    return Rule(f"{rule.text}, or None", lambda value: value is None or rule.holds(value), rule.words)


def _one_of(*words: str) -> Rule:
    text = " or ".join([*filter(None, [", ".join(map(repr, words[:-1]))]), repr(words[-1])])
    return Rule(text, lambda value: isinstance(value, str) and value in words, words=True)


_NUMBER: Final = Rule("a number", _is_number)
_NATURAL: Final = _least(0)
_POSITIVE: Final = _least(1)
_BITS: Final = Rule("a number from 1 to 64", lambda value: _is_number(value) and 1 <= value <= 64)
_FIELD: Final = Rule("the name of a field", _is_text)
_VALUES: Final = Rule("a tuple of numbers", _are_numbers)
_FLAG: Final = Rule("True or False", lambda value: isinstance(value, bool))
_SPACE: Final = Rule("a key space such as ETHERTYPE", lambda value: isinstance(value, KeySpace))
_NAMED_VALUES: Final = Rule("the name of a field and a tuple of numbers", _is_named)
_WORDS: Final = Rule("a dict of numbers and their names, or an IntEnum", _are_named_values)
_INDEXES: Final = Rule(
    "a dict of types and offsets",
    lambda value: isinstance(value, dict) and all(_is_number(k) and _is_number(v) for k, v in value.items()),
)
_TEXT: Final = Rule("text", _is_text)
_VALUES_OR_NONE: Final = Rule("a tuple of numbers", lambda value: value == () or _are_numbers(value))
_ALTERNATIVES: Final = Rule(
    "a tuple of tuples of conditions",
    lambda value: isinstance(value, tuple) and bool(value) and all(isinstance(one, tuple) and one for one in value),
)
_PADS: Final = Rule(
    "two kinds: the one of a single octet, and the one with a length",
    lambda value: _are_numbers(value) and len(value) == 2 and max(value) <= 0xFF,
)

ARGUMENTS: Final[dict[type[Any], dict[str, Rule]]] = {
    ByteOrder: {"order": _one_of("big", "little")},
    Const: {"value": _NATURAL},
    ValueNames: {"of": _WORDS},
    SizedBy: {"field": _FIELD, "unit": _POSITIVE, "bias": _NUMBER, "origin": _one_of("here", "start")},
    CountedBy: {"field": _FIELD, "bias": _NATURAL},
    Elements: {"kind": _optional(_FIELD), "end": _optional(_NATURAL), "pads": _optional(_PADS)},
    PadTo: {"unit": _least(2)},
    Unparsed: {"of": _FIELD},
    When: {"field": _FIELD, "other": _optional(_FIELD), "third": _optional(_FIELD), "values": _optional(_VALUES)},
    Unless: {"field": _FIELD, "values": _VALUES},
    Selects: {
        "space": _SPACE,
        "lengths": _optional(Rule("the greatest length and the key of what follows", _is_length_rule)),
        "nothing": _optional(_NATURAL),
        "when": _optional(_FIELD),
        "only": _optional(_NAMED_VALUES),
        "unless": _optional(_NAMED_VALUES),
        "content": _optional(_NAMED_VALUES),
    },
    LengthField: {
        "unit": _POSITIVE,
        "bias": _NUMBER,
        "origin": _one_of("start", "end"),
        "zero": _one_of("length", "unbounded", "jumbo"),
        "unless": _optional(_FIELD),
        "segments": _FLAG,
        "optional": _FLAG,
    },
    SetIfAny: {"options": _FIELD, "field": _FIELD, "mask": _POSITIVE},
    FinalDestination: {"type": _FIELD, "left": _FIELD, "at": _INDEXES, "begins": _optional(_NATURAL)},
    Checksum: {
        "covers": _one_of("header", "all"),
        "pseudo": _FLAG,
        "zero": _one_of("value", "absent"),
        "algorithm": _one_of("internet", "crc32c"),
    },
    # what keys are made of
    KeySpace: {
        "name": Rule("a name in lower case: letters, digits and underscores", _is_name),
        "bits": _BITS,
        "parent": _optional(_SPACE),
        "hexadecimal": _FLAG,
    },
    Key: {"space": _SPACE, "value": _optional(_NUMBER), "fallback": _FLAG, "guess": _FLAG},
    Peek: {"bit": _NATURAL, "count": _BITS, "value": _NATURAL},
    PreviousHeader: {
        "field": _FIELD,
        "value": Rule("a number, or True or False", lambda value: isinstance(value, int) and value >= 0),
    },
    MinOctets: {"octets": _POSITIVE},
    Within: {"length": _NATURAL, "offset": _NATURAL, "header": _NATURAL},
    Fits: {
        "bit": _NATURAL,
        "count": _BITS,
        "unit": _POSITIVE,
        "base": _NUMBER,
        "least": _NATURAL,
        "spare": _optional(_NATURAL),
    },
    Pieces: {"length": _NATURAL, "offset": _NATURAL, "header": _NATURAL, "equal": _FLAG},
    # what a guess asks
    Pattern: {"name": _TEXT, "alternatives": _ALTERNATIVES, "decisive": _FLAG},
    RightChecksum: {"name": _TEXT, "decisive": _FLAG},
    KnownNext: {"name": _TEXT, "also": _VALUES_OR_NONE, "decisive": _FLAG},
    NoFrame: {"name": _TEXT, "types": _VALUES, "decisive": _FLAG},
    SensibleContent: {"name": _TEXT, "also": _VALUES_OR_NONE, "decisive": _FLAG, "unknown": _FLAG},
}
"""What each argument of each fact, and of each condition of a key, must be."""

_OPTIONS: Final = {
    "spec": Rule("text", lambda value: isinstance(value, str)),
    "keys": Rule("a tuple of keys: (UDP_PORT(4789),)", lambda value: isinstance(value, tuple)),
    "carries": Rule("a key", lambda value: True),  # see `check_key`
    "tunnel": _FLAG,
    "quotes": _FLAG,
    "closed": _FLAG,
    "unchecked": _FLAG,
    "layer": _optional(_one_of("link", "network", "extension", "shim", "metadata")),
    "signs": Rule("a tuple of signs", lambda value: isinstance(value, tuple)),
}


def _wrong(value: Any) -> str | None:  # Any: a fact, or a part of a key
    """What is wrong with the arguments; None where nothing is."""
    for name, rule in ARGUMENTS.get(type(value), {}).items():
        argument = getattr(value, name)
        if not rule.holds(argument):
            return rule.refusal(f"{type(value).__name__}: ", name, argument)
    return None


def check_fact(owner: str, field: str, fact: Fact) -> None:
    """Raises: SchemaError where an argument of the fact has no meaning."""
    wrong = _wrong(fact)
    if wrong is None and isinstance(fact, When) and fact.values is not None and fact.other is not None:
        wrong = "When takes flags, or one number and its values, not both"
    if wrong is not None:
        raise SchemaError(owner, field, wrong)
    if isinstance(fact, Selects):
        _check_space(owner, field, fact.space)
        if fact.lengths is not None:
            check_key(owner, field, fact.lengths[1])


def _check_space(owner: str, field: str | None, space: KeySpace) -> None:
    if wrong := _wrong(space):
        raise SchemaError(owner, field, wrong)
    if space.parent is not None:
        _check_space(owner, field, space.parent)


def check_key(owner: str, field: str | None, key: object) -> None:
    """Raises: SchemaError unless it is a key whose value and conditions fit."""
    if not isinstance(key, Key):
        raise SchemaError(owner, field, f"{key!r} is no key: say UDP_PORT(4789)")
    if wrong := _wrong(key):
        raise SchemaError(owner, field, wrong)
    _check_space(owner, field, key.space)
    if not key.fits:
        raise SchemaError(owner, field, f"the key {key!r} does not fit in {key.space.bits} bits")
    if not isinstance(key.conditions, tuple):
        raise SchemaError(owner, field, f"the conditions of a key are a tuple, not {key.conditions!r}")
    for condition in key.conditions:
        _check_condition(owner, field, condition)


def _check_condition(owner: str, field: str | None, condition: object) -> None:
    if not isinstance(condition, Asked):
        known = "Peek, PreviousHeader, MinOctets, Within, Fits or Pieces"
        raise SchemaError(owner, field, f"{condition!r} is no condition: {known}")
    if wrong := _wrong(condition):
        raise SchemaError(owner, field, wrong)
    if isinstance(condition, Peek) and condition.value >> condition.count:
        raise SchemaError(owner, field, f"{condition!r}: {condition.value} does not fit in {condition.count} bits")


def _check_sign(owner: str, sign: object) -> None:
    """Raises: SchemaError unless it is a sign whose arguments have a meaning."""
    if not isinstance(sign, Sign):
        raise SchemaError(owner, None, f"{sign!r} is no sign: say Pattern(...), KnownNext(...) or SensibleContent(...)")
    if wrong := _wrong(sign):
        raise SchemaError(owner, None, wrong)
    for alternative in sign.alternatives if isinstance(sign, Pattern) else ():
        for condition in alternative:
            _check_condition(owner, None, condition)
            if isinstance(condition, PreviousHeader):
                raise SchemaError(owner, None, f"{condition!r} asks the header before: a sign cannot")


def check_class_options(owner: str, options: Mapping[str, object], known: frozenset[str]) -> None:
    """Raises: SchemaError for a class option that there is not, or whose value has no meaning."""
    for name, value in options.items():
        if name not in known:
            listed = ", ".join(sorted(known | {"path"}))
            near = suggestion(name, known) or f": there are {listed}"
            raise SchemaError(owner, None, f"there is no class option {name!r}{near}")
        rule = _OPTIONS[name]
        if not rule.holds(value):
            raise SchemaError(owner, None, rule.refusal("", name, value))
    for key in options.get("keys", ()):  # type: ignore[attr-defined]  # a tuple, as was just checked
        check_key(owner, None, key)
    if (carries := options.get("carries")) is not None:
        check_key(owner, None, carries)
    for sign in options.get("signs", ()):  # type: ignore[attr-defined]  # as above
        _check_sign(owner, sign)

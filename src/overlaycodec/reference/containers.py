"""Headers and elements as the Containers of construct, and back."""

from __future__ import annotations

from typing import Any, TypeVar

import construct

from overlaycodec.reference.structs import classes_of
from overlaycodec.schema.record import WireStruct
from overlaycodec.values import AUTO

__all__ = ["container_of", "header_of"]

R = TypeVar("R", bound=WireStruct)


def container_of(record: WireStruct) -> construct.Container:
    """The Container that `construct_of` builds a header or an element from. Fields that are AUTO are left out."""
    members = construct.Container()
    for field in record.__declaration__:
        value = getattr(record, field.name)
        if value is AUTO:
            continue
        if field.kind == "items" and value is not None:
            value = construct.ListContainer(map(container_of, value))
        members[field.name] = value
    members["_kind"] = record.__layout__.name
    return members


def header_of(cls: type[R], container: construct.Container) -> R:
    """The header or the element that a Container holds, as `construct_of` reads it. Raises: as the constructor does."""
    values: dict[str, Any] = {}
    for field in cls.__declaration__:
        value = container[field.name]
        if field.kind == "items" and value is not None:
            classes = classes_of(field)
            value = tuple(
                header_of(classes[each["_kind"]] if "_kind" in each else field.elements[-1], each) for each in value
            )
        values[field.name] = value
    return cls(**values)

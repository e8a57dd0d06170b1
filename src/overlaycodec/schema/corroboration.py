"""The plan of how a header that was found by a guess is corroborated."""

from __future__ import annotations

from overlaycodec.schema.keys import Asked
from overlaycodec.schema.plans import Plan
from overlaycodec.schema.signs import Sign

__all__ = ["Corroboration"]


class Corroboration(Plan, frozen=True):
    """What a guess asks: it is refused where `needed` signs fail, a decisive one among them."""

    signs: tuple[Sign, ...]
    needed: int
    octets: int
    """The octets of the header's first fields: where fewer are at hand and no length says so, nothing is known."""
    clear: tuple[tuple[tuple[Asked, ...], ...], ...]
    """For each of some signs, the alternatives of its conditions: where one of each holds, nothing is refused."""

    @property
    def common(self) -> tuple[Asked, ...]:
        """The conditions of the first alternatives: the common case of `clear`."""
        return tuple(asked for alternatives in self.clear for asked in alternatives[0])

    def refused(self, failing: tuple[Sign, ...]) -> bool:
        """Whether a guess of which these signs fail is refused."""
        return len(failing) >= self.needed and any(sign.decisive for sign in failing)


# --- how far a header and its content reach ---------------------------------------------------------------------------

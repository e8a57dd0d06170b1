"""How values show themselves in Jupyter and other notebooks: two methods that IPython looks for."""

from __future__ import annotations

from collections.abc import Container

__all__ = ["ForNotebooks"]


class ForNotebooks:
    """Base class of what has a page of its own. The module that writes the pages is above this one: imported late."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        """The value as HTML; None where it is shown as text."""
        from overlaycodec.notebook.dispatch import html_of

        return html_of(self)

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """The value by media type, for front ends that ask for several at once."""
        from overlaycodec.notebook.dispatch import bundle_of

        return bundle_of(self, include, exclude)

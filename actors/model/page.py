"""Pages of a list, by number or by cursor."""

from typing import Generic, TypeVar

import attrs

Item = TypeVar("Item")


@attrs.frozen(kw_only=True)
class Page(Generic[Item]):
    """One page. `total` is None where a cursor page left it uncounted; `after` continues behind the last item."""

    items: tuple[Item, ...]
    total: int | None
    is_exact: bool = True
    """Whether `total` was counted; otherwise it was estimated."""
    after: tuple[str, str] | None
    """Sort value and id of the last item, or None when nothing follows."""

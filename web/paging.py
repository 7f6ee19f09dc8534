"""Pages of a list, by number and by cursor: what surrounds the things, and the cursor's sealed form."""

import base64
import binascii
import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, TypeVar
from urllib.parse import urlencode

import attrs
import msgspec

from web.errors import FieldError, ProblemError

Item = TypeVar("Item")

MOST_PER_PAGE = 500
MOST_PAGES = 10_000_000

PageNumber = Annotated[
    int, msgspec.Meta(ge=1, le=MOST_PAGES, description="Which page, from 1; past the end it is empty.")
]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=MOST_PER_PAGE, description="How many things at most on one page.")]
CursorText = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=4096,
        description="`meta.nextCursor` of the page before. Carries its sort, order and filters.",
    ),
]

Filters = Mapping[str, str | list[str]]
"""Parameters of an address; those with several values are repeated."""

_FORM = 2
_SEAL_BYTES = 9


class PageQuery(msgspec.Struct, rename="camel", kw_only=True):
    """Which page of a short list."""

    page: PageNumber = 1
    page_size: PageSize = 50

    @property
    def offset(self) -> int:
        """How many things lie before the page."""
        return (self.page - 1) * self.page_size


class Meta(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Where a page stands in its list. Counts are null on pages taken by cursor, which are not counted. Long lists under a
    filter are not counted to their end: `isTotalExact` is false then, and the counts are estimates.
    """

    total: int | None
    """How many there are in all; null where they were not counted."""
    is_total_exact: bool | None = True
    """Whether `total` and `totalPages` are counted, not estimated; null where they were not."""
    page: int | None
    """Number of this page, from 1; null on pages taken by cursor."""
    page_size: int
    """How many stand on a page at most."""
    total_pages: int | None
    """How many pages there are; null where nothing was counted."""
    has_next_page: bool
    """Whether more follow."""
    has_previous_page: bool
    """Whether some come before."""
    next_cursor: str | None
    """Where the next page begins; null on the last one, and on lists without cursors."""


class Links(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Addresses of this page and its neighbors, relative to the server; null where there is none."""

    here: str = msgspec.field(name="self")
    """This page."""
    first: str
    """The first page."""
    last: str | None
    """The last page; null where nothing was counted."""
    next: str | None
    """The next page; null on the last one."""
    previous: str | None
    """The page before; null on the first one, and on pages taken by cursor."""


class Cursor(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """A place in one list: behind the thing with this sort value and id, in this sort, order and selection."""

    form: int
    path: str
    """Of the list."""
    sort: str
    order: str
    filters: dict[str, str | list[str]]
    value: str
    id: str


@attrs.frozen(kw_only=True)
class Position:
    """What a list request asks for, however it said so."""

    sort: str
    order: str
    filters: Filters
    page: int | None
    after: tuple[str, str] | None
    page_size: int


def sealed(cursor: Cursor) -> str:
    """A cursor as opaque text."""
    packed = msgspec.msgpack.encode(cursor)
    return base64.urlsafe_b64encode(_seal(packed) + packed).rstrip(b"=").decode()


def opened(text: str) -> Cursor:
    """A cursor from its text.

    Raises:
        ProblemError: INVALID_CURSOR, whatever was done to it.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        seal, packed = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
        cursor = msgspec.msgpack.decode(packed, type=Cursor)
    except (binascii.Error, ValueError):
        raise _bad_cursor("It was not made here") from None
    if seal != _seal(packed) or cursor.form != _FORM or sealed(cursor) != text:
        raise _bad_cursor("It was not made here")
    return cursor


def position(
    *,
    path: str,
    sort: str | None,
    order: str | None,
    filters: Filters,
    page: int | None,
    cursor: str | None,
    page_size: int,
    default_sort: str,
    default_order: str,
    sorts: Collection[str] = (),
) -> Position:
    """What a list request asks for; with a cursor, what is not said is the cursor's.

    A cursor must be of the list at `path`, and of one of `sorts`, if they are given.

    Raises:
        ProblemError: INVALID_CURSOR when it is forged or was made for another sort, order or selection;
            VALIDATION_ERROR for a page and a cursor at once.
    """
    if cursor is None:
        return Position(
            sort=sort or default_sort,
            order=order or default_order,
            filters=filters,
            page=page or 1,
            after=None,
            page_size=page_size,
        )
    if page is not None:
        both = FieldError(field="page", message="Give a page or a cursor, not both", value=page)
        raise ProblemError("VALIDATION_ERROR", "Not usable: page", errors=[both])
    place = opened(cursor)
    if place.path != path or (sorts and place.sort not in sorts):
        raise _bad_cursor("It was made for another list")
    if sort not in {None, place.sort} or order not in {None, place.order} or (filters and filters != place.filters):
        raise _bad_cursor("It was made for another sort, order or filter")
    return Position(
        sort=place.sort,
        order=place.order,
        filters=place.filters,
        page=None,
        after=(place.value, place.id),
        page_size=page_size,
    )


def surroundings(
    asked: Position, *, path: str, total: int | None, after: tuple[str, str] | None, is_exact: bool = True
) -> tuple[Meta, Links]:
    """What stands beside the things of a page.

    Args:
        asked: what the request asked for.
        path: of the list.
        total: how many there are, or None where they were not counted.
        after: sort value and id of the last thing when more follow, else None.
        is_exact: whether `total` was counted, not estimated.
    """
    pages = None if total is None else max(1, -(-total // asked.page_size))
    cursor = None if after is None else _continued(asked, path, after)
    meta = Meta(
        total=total,
        is_total_exact=None if total is None else is_exact,
        page=asked.page,
        page_size=asked.page_size,
        total_pages=pages,
        has_next_page=after is not None,
        has_previous_page=asked.after is not None or (asked.page or 1) > 1,
        next_cursor=cursor,
    )
    return meta, _links(asked, path, pages if is_exact else None, cursor)


def sliced(
    items: Sequence[Item], query: PageQuery, *, path: str, filters: Filters | None = None
) -> tuple[tuple[Item, ...], Meta, Links]:
    """One page of a list that is at hand as a whole, and what stands beside it."""
    meta, links = numbered(query, path=path, total=len(items), filters=filters)
    return tuple(items[query.offset : query.offset + query.page_size]), meta, links


def numbered(
    query: PageQuery, *, path: str, total: int, filters: Mapping[str, str | list[str]] | None = None
) -> tuple[Meta, Links]:
    """What stands beside a page of a list that has numbered pages only."""
    asked = Position(sort="", order="", filters=filters or {}, page=query.page, after=None, page_size=query.page_size)
    is_last = query.offset + query.page_size >= total
    meta, links = surroundings(asked, path=path, total=total, after=None if is_last else ("", ""))
    # Such a list has no cursors: it may have changed entirely by the next request.
    return msgspec.structs.replace(meta, next_cursor=None), links


def _links(asked: Position, path: str, pages: int | None, cursor: str | None) -> Links:
    order = {"sort": asked.sort, "order": asked.order} if asked.sort else {}
    common = {**asked.filters, **order, "pageSize": str(asked.page_size)}

    def numbered(page: int) -> str:
        return f"{path}?{urlencode({**common, 'page': str(page)}, doseq=True)}"

    def continued(text: str) -> str:
        return f"{path}?{urlencode({'cursor': text, 'pageSize': str(asked.page_size)})}"

    if asked.page is None:
        assert asked.after is not None
        here = continued(_continued(asked, path, asked.after))
        following = continued(cursor) if cursor else None
        return Links(here=here, first=numbered(1), last=None, next=following, previous=None)
    return Links(
        here=numbered(asked.page),
        first=numbered(1),
        last=numbered(pages) if pages else None,
        next=numbered(asked.page + 1) if cursor else None,
        previous=numbered(min(asked.page - 1, pages or asked.page)) if asked.page > 1 else None,
    )


def _continued(asked: Position, path: str, after: tuple[str, str]) -> str:
    value, id_ = after
    filters = dict(asked.filters)
    cursor = Cursor(form=_FORM, path=path, sort=asked.sort, order=asked.order, filters=filters, value=value, id=id_)
    return sealed(cursor)


def _seal(packed: bytes) -> bytes:
    # Not a secret: the seal tells accidents and guesses, while a cursor opens nothing that a sort and filter do not.
    return hashlib.blake2b(packed, digest_size=_SEAL_BYTES, person=b"rookery cursor").digest()


def _bad_cursor(why: str) -> ProblemError:
    return ProblemError("INVALID_CURSOR", f"{why}; start again without a cursor")

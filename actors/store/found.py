"""Pages of what a text finds: by its words, or where they find nothing, by words near them."""

from collections.abc import Awaitable, Callable

import asyncpg
import attrs

from actors.store.meaning import Meaning, understand
from actors.store.pages import Rows

Listed = Callable[[Meaning | None, tuple[str, str] | None], Awaitable[Rows]]
NEAR = "~"
"""First sign of a cursor of what was found by words near those asked for."""


async def found_by(
    connection: asyncpg.Connection, text: str | None, after: tuple[str, str] | None, listed: Listed
) -> Rows:
    """The page of what a text means, or where that is nothing at all, of what is near; inside `reading`.

    Args:
        connection: that reads.
        text: that is searched for, if any.
        after: the cursor, if any.
        listed: gives the page of a meaning, behind a cursor.
    """
    if text is None:
        return await listed(None, after)
    is_near = after is not None and after[0].startswith(NEAR)
    if after is not None and is_near:
        after = (after[0].removeprefix(NEAR), after[1])
    meaning = await understand(connection, text, is_near=is_near)
    rows = await listed(meaning, after)
    if not is_near and after is None and not rows.ids and not rows.total:
        other = await understand(connection, text, is_near=True)
        if other != meaning:
            is_near, rows = True, await listed(other, None)
    if is_near and rows.after is not None:
        rows = attrs.evolve(rows, after=(NEAR + rows.after[0], rows.after[1]))
    return rows

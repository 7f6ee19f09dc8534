"""Which words a value may be."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from actors.model.track import Presence
from web.choices import choices, one_of

Order = Literal["asc", "desc"]


@pytest.mark.parametrize(
    "kind,words",
    [
        (Order, ("asc", "desc")),
        (Annotated[Order, msgspec.Meta(description="how")] | None, ("asc", "desc")),
        (Order | msgspec.UnsetType, ("asc", "desc")),
        (Presence, tuple(Presence)),
        (Presence | Literal["any"], (*Presence, "any")),
        (Order | int, ()),
        (str, ()),
        (tuple[Order, ...], ()),
        (None, ()),
    ],
)
def test_words_are_told_where_nothing_else_will_do(kind: Any, words: tuple[str, ...]) -> None:
    assert choices(kind) == words


def test_they_are_said() -> None:
    assert one_of(("asc", "desc")) == "Expected one of asc, desc"

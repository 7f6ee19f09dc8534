"""What one person keeps about a track."""

from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class Mine:
    """One person's rating and plays of one track."""

    rating: int | None = None
    """1–5 stars."""
    plays: int = 0
    last_played_at: datetime | None = None


NOTHING = Mine()

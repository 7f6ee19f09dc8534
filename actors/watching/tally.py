"""How far one whole look at a root is, and what it found."""

import math

import attrs


@attrs.define(eq=False, kw_only=True)
class Tally:
    """Counts of one whole look; files are told apart by what was known of their paths before."""

    begun_at_s: float = 0.0
    """On Trio's clock."""
    found: int = 0
    """Files that are there."""
    added: int = 0
    changed: int = 0
    moved: int = 0
    lost: int = 0
    told_at_s: float = -math.inf
    is_final_told: bool = False

    def see(self, *, unchanged: int, back: int, known: int, unknown: int) -> None:
        """Some files that are there: as they were, again, with other bytes, or for the first time."""
        self.found += unchanged + back + known + unknown
        self.changed += known
        self.added += unknown

    def move(self, count: int) -> None:
        """So many of the files that seemed new lay elsewhere before."""
        if not self.is_final_told:
            self.moved += count
            self.added = max(0, self.added - count)

    def figures(self, now_s: float) -> dict[str, int | float]:
        """What the log says of it."""
        seconds = round(now_s - self.begun_at_s, 3)
        return {
            "found": self.found,
            "added": self.added,
            "changed": self.changed,
            "moved": self.moved,
            "missing": self.lost,
            "seconds": seconds,
        }

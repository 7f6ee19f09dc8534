"""How far one whole look is."""

from actors.watching.tally import Tally


def test_files_are_counted_by_what_was_known_of_them():
    tally = Tally(begun_at_s=10.0)
    tally.see(unchanged=5, back=1, known=2, unknown=3)
    tally.see(unchanged=1, back=0, known=0, unknown=1)
    tally.move(2)
    tally.lost = 4

    assert tally.figures(12.5) == {
        "found": 13, "added": 2, "changed": 2, "moved": 2, "missing": 4, "seconds": 2.5,
    }  # fmt: skip


def test_what_moves_after_the_end_does_not_count():
    tally = Tally(added=3, is_final_told=True)
    tally.move(1)

    assert (tally.added, tally.moved) == (3, 0)

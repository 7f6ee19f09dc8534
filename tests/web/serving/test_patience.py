"""A peer may make so much work in vain, and no more."""

from web.serving.lane import SKIP_BYTES
from web.serving.patience import BURDENS, Patience


def test_it_ends_and_each_answer_gives_more_of_it():
    patience = Patience()
    assert all(patience.bears() for _ in range(BURDENS))
    assert not patience.bears()
    patience.answered += 2

    assert patience.bears()
    assert not patience.bears()


def test_bodies_that_nobody_reads_are_skipped_up_to_a_bound_of_all():
    patience = Patience()

    assert patience.skips(SKIP_BYTES - 1)
    assert patience.skips(1)
    assert not patience.skips(1)

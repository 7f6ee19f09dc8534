"""How long to wait before the next try."""

import random
from itertools import islice

import pytest

from web.cli.retry import pauses_s


class Middle(random.Random):
    """Chance without any."""

    def uniform(self, a, b):
        """The middle."""
        return (a + b) / 2


def test_pauses_double_up_to_a_limit():
    assert list(islice(pauses_s(Middle()), 8)) == pytest.approx([0.5, 1, 2, 4, 8, 15, 15, 15])


def test_two_clients_do_not_wait_alike():
    first, second = (list(islice(pauses_s(random.Random(seed)), 5)) for seed in (1, 2))

    assert first != second
    assert all(0.375 <= pause <= 18.75 for pause in first + second)

"""Regrouping of blocks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.analysis.carry import Carry


@given(lengths=st.lists(st.integers(0, 40), max_size=12), unit=st.integers(1, 9), overlap=st.integers(0, 9))
def test_pieces_are_whole_and_lose_nothing(lengths, unit, overlap):
    stream = np.arange(sum(lengths), dtype=np.float32)
    carry = Carry(unit, overlap=overlap)
    seen = 0

    for block in np.split(stream, np.cumsum(lengths)[:-1]) if lengths else []:
        piece = carry.take(block)
        if piece.size:
            assert (piece.size - overlap) % unit == 0
            assert piece.tolist() == stream[seen : seen + piece.size].tolist()
            seen += piece.size - overlap

    rest = carry.rest()
    assert ([] if rest is None else rest.tolist()) == stream[seen:].tolist()


def test_channels_stay_together():
    carry = Carry(2)

    assert carry.take(np.ones((3, 5), dtype=np.float32)).shape == (3, 4)
    assert carry.take(np.ones((3, 1), dtype=np.float32)).shape == (3, 2)

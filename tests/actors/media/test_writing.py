"""Files of given content."""

import numpy as np
import pytest

from actors.media.synthesis import Piece
from actors.media.writing import FORMATS, write_recording, write_samples


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_piece_gives_the_same_bytes(tmp_path, ending):
    one = write_recording(tmp_path / f"one{ending}", Piece(bpm=90), length_s=0.5, tags={"title": "A"})
    two = write_recording(tmp_path / f"two{ending}", Piece(bpm=90), length_s=0.5, tags={"title": "A"})

    assert one.read_bytes() == two.read_bytes()
    assert sorted(tmp_path.iterdir()) == [one, two]


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyError):
        write_samples(tmp_path / "x.txt", np.zeros((1, 10), dtype=np.float32), rate_hz=44_100)
    with pytest.raises(KeyError):
        write_samples(tmp_path / "x.wav", np.zeros((9, 10), dtype=np.float32), rate_hz=44_100)

    assert list(tmp_path.iterdir()) == []

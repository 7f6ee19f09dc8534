"""What is left for a head is found by that head from that place, and by nothing else."""

import pytest

from web.serving.again import LONGEST_HEAD_BYTES, Known, Place

HERE = Place("192.0.2.7", ("a.example", 80), "http")


async def again() -> tuple[bytes, bytes] | None:
    return None


@pytest.mark.parametrize(
    "elsewhere",
    [HERE._replace(client="192.0.2.8"), HERE._replace(server=("a.example", 81)), HERE._replace(scheme="https")],
)
def test_what_comes_from_elsewhere_is_another_head(elsewhere):
    known = Known()
    known.to_leave(b"head", HERE)(again)

    assert known.find(b"head", HERE) is again
    assert known.find(b"head", elsewhere) is None
    assert known.find(b"Head", HERE) is None


def test_what_is_forgotten_is_gone():
    known = Known()
    known.to_leave(b"head", HERE)(again)
    known.forget(b"head", HERE)
    known.forget(b"another", HERE)

    assert known.find(b"head", HERE) is None


def test_the_oldest_makes_room():
    known = Known(most=3)
    for head in (b"1", b"2", b"3", b"1", b"4"):
        known.to_leave(head, HERE)(again)

    assert len(known) == 3
    assert [known.find(head, HERE) is not None for head in (b"1", b"2", b"3", b"4")] == [True, False, True, True]


def test_a_long_head_is_not_kept():
    known = Known()
    known.to_leave(b"x" * LONGEST_HEAD_BYTES, HERE)(again)
    known.to_leave(b"x" * (LONGEST_HEAD_BYTES + 1), HERE)(again)

    assert len(known) == 1

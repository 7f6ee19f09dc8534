"""The Range header (RFC 9110, 14): which bytes of a thing are wanted. Pure."""

import re

import attrs

MOST_RANGES = 10

_SPEC = re.compile(r"(\d{0,19})-(\d{0,19})", re.ASCII)


class UnsatisfiableError(Exception):
    """None of the ranges lies within the thing, or there are more than `MOST_RANGES`; the answer is 416."""


@attrs.frozen
class Span:
    """Bytes `start` up to, but not including, `stop`."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes, at least 1."""
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """The value of the Content-Range header for a thing of this size."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def spans(header: str | None, size: int) -> tuple[Span, ...]:
    """The wanted parts of a thing, in ascending order, without overlap: never more bytes than it has.

    Args:
        header: the Range header, or None.
        size: of the thing in bytes.

    Returns: empty when the whole is wanted: no header, another unit, or a header that cannot be understood,
        which RFC 9110 asks to ignore.

    Raises:
        UnsatisfiableError: see there.
    """
    if header is None:
        return ()
    unit, equals, listed = header.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return ()
    specs = [spec.strip() for spec in listed.split(",") if spec.strip()]
    if not specs:
        return ()
    found = []
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if match is None or spec == "-":
            return ()
        first, last = match.groups()
        if first and last and int(first) > int(last):
            return ()
        span = _span(first, last, size)
        if span is not None:
            found.append(span)
    if not found or len(specs) > MOST_RANGES:
        raise UnsatisfiableError
    return _merged(found)


def _span(first: str, last: str, size: int) -> Span | None:
    if not first:
        length = min(int(last), size)
        return Span(size - length, size) if length else None
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    return Span(start, stop) if start < size else None


def _merged(found: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(found, key=lambda span: span.start):
        if merged and span.start <= merged[-1].stop:
            merged[-1] = Span(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return tuple(merged)

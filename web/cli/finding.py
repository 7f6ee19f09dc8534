"""What one check of `rookery doctor` has found. Values only."""

import enum

import attrs


class Verdict(enum.StrEnum):
    """How serious a finding is."""

    FINE = "fine"
    NOTE = "note"
    """It works, but somebody might wonder."""
    WRONG = "wrong"
    """It has to be mended."""


@attrs.frozen(kw_only=True)
class Finding:
    """The answer to one question, and what to do about it."""

    about: str
    verdict: Verdict = Verdict.FINE
    text: str
    advice: str | None = None

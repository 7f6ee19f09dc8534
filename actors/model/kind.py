"""What kind of recording a track is."""

import enum


class Kind(enum.StrEnum):
    """As far as tags and length tell; the rule is the function `kind` of the database."""

    MUSIC = "music"
    SPEECH = "speech"
    """By its genre: an audiobook, a podcast, a lecture."""
    MIX = "mix"
    """Twenty minutes or longer, and no speech: a set, a concert, a whole side of a record."""

"""In which forms a recording can be delivered besides its own, and what each takes."""

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Form:
    """One form: codec and container in FFmpeg's names, and the bit rates that make sense in it, in bits per second."""

    encoder: str
    container: str
    sample_format: str
    """What the encoder takes."""
    media_type: str
    ending: str
    """Of a file's name, dot included."""
    least_bit_rate: int
    most_bit_rate: int
    usual_bit_rate: int
    bit_rates: tuple[int, ...] = ()
    """The only ones there are; empty: any between least and most."""

    def nearest_bit_rate(self, bit_rate: int) -> int:
        """The bit rate that it has and that lies nearest to a wished one; of two as near, the better."""
        if self.bit_rates:
            return min(self.bit_rates, key=lambda rate: (abs(rate - bit_rate), -rate))
        return min(max(bit_rate, self.least_bit_rate), self.most_bit_rate)

    def rate_hz(self, source_hz: int) -> int:
        """The sample rate in which a source of some rate is delivered."""
        if self.encoder == "libopus" or source_hz % 8_000 == 0:
            return 48_000
        return 44_100


_MP3_BIT_RATES = tuple(1_000 * rate for rate in (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320))

FORMS: Mapping[str, Form] = {
    "mp3": Form(
        encoder="libmp3lame",
        container="mp3",
        sample_format="s16p",
        media_type="audio/mpeg",
        ending=".mp3",
        least_bit_rate=_MP3_BIT_RATES[0],
        most_bit_rate=_MP3_BIT_RATES[-1],
        usual_bit_rate=192_000,
        bit_rates=_MP3_BIT_RATES,
    ),
    "opus": Form(
        encoder="libopus",
        container="ogg",
        sample_format="s16",
        media_type="audio/ogg; codecs=opus",
        ending=".opus",
        least_bit_rate=6_000,
        most_bit_rate=256_000,
        usual_bit_rate=128_000,
    ),
    "aac": Form(
        encoder="aac",
        container="adts",
        sample_format="fltp",
        media_type="audio/aac",
        ending=".aac",
        least_bit_rate=32_000,
        most_bit_rate=320_000,
        usual_bit_rate=192_000,
    ),
}
"""By the name that requests use."""

CARRIED_CHARACTERS = 1_000
"""So much of each tag is carried along."""


@attrs.frozen(kw_only=True)
class Encoding:
    """How one recording shall be delivered."""

    form: str
    """A name in `FORMS`."""
    bit_rate: int
    start_s: float = 0.0
    """Where it begins, on the recording's own clock."""
    tags: Mapping[str, str] = attrs.field(factory=dict)
    """By FFmpeg's names."""

"""What one look into a file's container gives."""

import attrs

from actors.model.track import Sound, Tags


@attrs.frozen(kw_only=True)
class Probe:
    """Identity, tags and technical data of one file, read to the end of its container."""

    audio_hash: str
    """Hex, 64 digits: BLAKE2b-256 over the codec's name and the encoded packets of the audio stream, without tags."""
    sound: Sound
    tags: Tags

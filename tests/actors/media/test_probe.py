"""Identity and technical data of real files, whole and broken."""

import os
import shutil
import struct
from pathlib import Path

import av
import mutagen
import mutagen.apev2
import mutagen.id3
import mutagen.wave
import numpy as np
import pytest

from actors.errors import FileGoneError, UnreadableError
from actors.media import probe as subject
from actors.media.probe import probe
from actors.media.synthesis import Piece
from actors.media.writing import Format, write_recording, write_samples

CODECS = {
    ".mp3": ("mp3", "mp3"),
    ".flac": ("flac", "flac"),
    ".ogg": ("ogg", "vorbis"),
    ".opus": ("ogg", "opus"),
    ".m4a": ("mp4", "aac"),
    ".wav": ("wav", "pcm_s16le"),
    ".aiff": ("aiff", "pcm_s16be"),
    ".mka": ("matroska", "flac"),
}


def look(path: Path):
    return probe(os.fsencode(path))


def retag(path: Path) -> None:
    """Long new tags and a picture, by the program that people use for that."""
    file = mutagen.File(path)
    assert file is not None
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, mutagen.id3.ID3):
        file.tags.add(mutagen.id3.TIT2(encoding=3, text="Another " * 500))
        file.tags.add(mutagen.id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=b"\x89PNG" + bytes(90_000)))
    elif path.suffix == ".m4a":
        file.tags["\xa9nam"] = "Another " * 500
        file.tags["covr"] = [bytes(90_000)]
    else:
        file.tags["title"] = "Another " * 500
    file.save()


@pytest.mark.parametrize("ending", CODECS)
def test_every_format_shows_what_it_is(recordings, ending):
    found = look(recordings[ending])

    assert (found.sound.container, found.sound.codec) == CODECS[ending]
    assert found.sound.duration_s == pytest.approx(4.0, abs=0.1)
    assert found.sound.rate_hz == (48_000 if ending == ".opus" else 44_100)
    assert found.sound.channels == 2
    assert found.sound.bit_rate > 20_000
    assert len(found.audio_hash) == 64


@pytest.mark.parametrize("ending", [".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff"])
def test_renaming_and_retagging_keep_the_identity(recordings, tmp_path, ending):
    before = look(recordings[ending])
    copy = shutil.copy(recordings[ending], tmp_path / f"other name{ending}")

    retag(copy)

    after = look(copy)
    assert copy.read_bytes() != recordings[ending].read_bytes()
    assert after.audio_hash == before.audio_hash
    assert after.tags.title.startswith("Another Another")
    assert after.sound.duration_s == pytest.approx(before.sound.duration_s, abs=0.01)


@pytest.mark.parametrize("change", [mutagen.apev2.APEv2, None], ids=["APE", "ID3v1"])
def test_tags_at_the_end_of_an_mp3_are_no_sound(recordings, tmp_path, change):
    copy = shutil.copy(recordings[".mp3"], tmp_path / "one.mp3")
    if change is None:
        with open(copy, "ab") as file:
            file.write(b"TAG" + b"Old".ljust(125, b"\0"))
    else:
        tags = change()
        tags["Title"] = "Old"
        tags.save(copy)

    assert look(copy).audio_hash == look(recordings[".mp3"]).audio_hash


def test_the_same_packets_in_another_container_are_the_same_recording(recordings):
    assert look(recordings[".flac"]).audio_hash == look(recordings[".mka"]).audio_hash


def test_other_music_is_another_recording(recordings, tmp_path):
    other = write_recording(tmp_path / "two.mp3", Piece(bpm=121, tonic=2), length_s=2.0)

    assert look(other).audio_hash != look(recordings[".mp3"]).audio_hash


def test_a_name_that_is_no_utf_8_is_read(recordings, tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9\n.mp3"
    shutil.copy(recordings[".mp3"], path)

    assert probe(path) == look(recordings[".mp3"])


@pytest.mark.parametrize("ending", [".mp3", ".flac", ".ogg", ".opus", ".wav", ".aiff"])
def test_a_cut_recording_is_what_is_left(recordings, tmp_path, ending):
    cut = tmp_path / f"cut{ending}"
    whole = recordings[ending].read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])

    assert 0.9 < look(cut).sound.duration_s < 3.1


def test_a_recording_with_a_hole_is_what_is_left(recordings, tmp_path):
    damaged = tmp_path / "hole.mp3"
    whole = recordings[".mp3"].read_bytes()
    middle = len(whole) // 2
    damaged.write_bytes(whole[:middle] + os.urandom(5_000) + whole[middle + 5_000 :])

    assert 3.0 < look(damaged).sound.duration_s <= 4.1


def test_an_ending_that_lies_is_not_believed(recordings, tmp_path):
    shutil.copy(recordings[".mp3"], tmp_path / "lie.flac")

    assert look(tmp_path / "lie.flac").sound.codec == "mp3"


def test_a_huge_picture_does_not_hide_the_sound(recordings, tmp_path):
    copy = shutil.copy(recordings[".mp3"], tmp_path / "one.mp3")
    tags = mutagen.id3.ID3(copy)
    tags.add(
        mutagen.id3.APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=b"\xff\xd8\xff" + os.urandom(3_000_000))
    )
    tags.save()

    found = look(copy)

    assert found.audio_hash == look(recordings[".mp3"]).audio_hash
    assert found.tags.has_picture


def picture() -> bytes:
    frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8))
    codec = av.CodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt = 64, 64, "rgb24"
    return b"".join(bytes(packet) for packet in codec.encode(frame.reformat(format="rgb24")))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"once upon a time\n" * 500, id="text"),
        pytest.param(np.random.default_rng(1).bytes(200_000), id="noise"),
        pytest.param(bytes(100_000), id="zeros"),
        pytest.param(picture(), id="picture"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\none.mp3\n#EXT-X-ENDLIST\n", id="playlist"),
        pytest.param(b"ffconcat version 1.0\nfile one.mp3\n", id="script"),
    ],
)
def test_what_is_no_recording_is_told_so_whatever_its_name(tmp_path, content):
    (tmp_path / "x.mp3").write_bytes(content)

    with pytest.raises(UnreadableError) as caught:
        look(tmp_path / "x.mp3")

    assert caught.value.kind == "no_audio"


@pytest.mark.parametrize("ending", [".m4a", ".flac", ".ogg", ".wav"])
def test_a_recording_of_which_nothing_is_left_is_corrupt(recordings, tmp_path, ending):
    damaged = tmp_path / f"x{ending}"
    damaged.write_bytes(recordings[ending].read_bytes()[:40])

    with pytest.raises(UnreadableError) as caught:
        look(damaged)

    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("claim", [(65_535, 44_100), (2, 0), (2, 2**32 - 1)], ids=["channels", "0 Hz", "4 GHz"])
def test_absurd_claims_of_a_header_are_refused(recordings, tmp_path, claim):
    path = tmp_path / "x.wav"
    whole = bytearray(recordings[".wav"].read_bytes())
    at = whole.index(b"fmt ") + 10
    whole[at : at + 6] = struct.pack("<HI", *claim)
    path.write_bytes(whole)

    with pytest.raises(UnreadableError) as caught:
        look(path)

    assert caught.value.kind in {"corrupt", "no_audio"}


def test_a_claimed_duration_is_not_believed_when_the_packets_say_otherwise(recordings, tmp_path):
    whole = bytearray(recordings[".wav"].read_bytes())
    at = whole.index(b"data") + 4
    whole[at : at + 4] = struct.pack("<I", 0x7FFF_FFF0)
    (tmp_path / "x.wav").write_bytes(whole)

    assert look(tmp_path / "x.wav").sound.duration_s == pytest.approx(4.0, abs=0.1)


def test_a_file_that_changes_while_it_is_read_is_told_so(recordings, tmp_path, monkeypatch):
    path = shutil.copy(recordings[".mp3"], tmp_path / "one.mp3")
    read_tags = subject.read_tags

    def slowly(*arguments):
        with open(path, "ab") as file:
            file.write(b"more")
        return read_tags(*arguments)

    monkeypatch.setattr(subject, "read_tags", slowly)

    with pytest.raises(FileGoneError) as caught:
        look(path)

    assert caught.value.kind == "changed"


@pytest.fixture
def as_nobody():
    """Run as a user without rights, where the tests run as root, to whom nothing is forbidden."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65_534)
    yield
    os.seteuid(user)


def test_a_file_without_permission_is_unreadable(recordings, tmp_path, request):
    path = shutil.copy(recordings[".mp3"], tmp_path / "one.mp3")
    path.chmod(0)
    request.getfixturevalue("as_nobody")

    with pytest.raises(UnreadableError) as caught:
        look(path)

    assert caught.value.kind == "unreadable"


@pytest.mark.parametrize("channels", [1, 6, 8])
@pytest.mark.parametrize("rate_hz", [8_000, 384_000])
def test_every_rate_and_number_of_channels_is_read(tmp_path, channels, rate_hz):
    samples = np.zeros((channels, rate_hz // 10), dtype=np.float32)
    path = write_samples(tmp_path / "x.wav", samples, rate_hz=rate_hz, form=Format("wav", "pcm_f32le"))

    assert (look(path).sound.rate_hz, look(path).sound.channels) == (rate_hz, channels)

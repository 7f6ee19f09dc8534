"""Tags of real files in every format, and of broken ones."""

import os
import shutil

import mutagen.id3
import mutagen.mp4
import mutagen.oggvorbis
import pytest

from actors.media import tags as subject
from actors.media.probe import probe


def tags(path):
    return probe(os.fsencode(path)).tags


@pytest.mark.parametrize("ending", [".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".mka"])
def test_every_format_says_what_was_written(recordings, ending):
    found = tags(recordings[ending])

    assert found.title == "Schöner Vogel"
    assert found.artists == ("Ann",)
    assert found.album == "Nest"
    assert found.genres == ("Folk",)
    assert found.track_number == 3
    assert found.year == 1999
    assert not found.has_picture


def test_aiff_says_it_in_id3(recordings):
    assert tags(recordings[".aiff"]).title == "Schöner Vogel"


def test_id3_frames_are_understood(recordings, tmp_path):
    path = shutil.copy(recordings[".mp3"], tmp_path / "one.mp3")
    frames = mutagen.id3.ID3()
    frames.add(mutagen.id3.TPE1(encoding=3, text=["Ann", "Bob"]))
    frames.add(mutagen.id3.TCON(encoding=3, text=["(17)", "Dub"]))
    frames.add(mutagen.id3.TPOS(encoding=3, text="1/2"))
    frames.add(mutagen.id3.TSRC(encoding=3, text="USRC17607839"))
    frames.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="iTunNORM", text="0000"))
    frames.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="", text="Lovely"))
    frames.add(mutagen.id3.UFID(owner="http://musicbrainz.org", data=b"b1a9c0e9-d987-4042-ae91-78d6a3267d69"))
    frames.save(path)

    found = tags(path)

    assert found.artists == ("Ann", "Bob")
    assert found.genres == ("Rock", "Dub")
    assert (found.disc_number, found.disc_total) == (1, 2)
    assert found.isrc == "USRC17607839"
    assert found.comment == "Lovely"
    assert found.musicbrainz_recording_id == "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


def test_mp4_atoms_are_understood(recordings, tmp_path):
    path = shutil.copy(recordings[".m4a"], tmp_path / "one.m4a")
    file = mutagen.mp4.MP4(path)
    file["trkn"] = [(4, 9)]
    file["aART"] = ["Everyone"]
    file["\xa9ART"] = ["Ann", "Bob"]
    file["----:com.apple.iTunes:ISRC"] = [b"USRC17607839"]
    file["covr"] = [mutagen.mp4.MP4Cover(b"\x89PNG\r\n\x1a\n" + bytes(50_000), mutagen.mp4.MP4Cover.FORMAT_PNG)]
    file.save()

    found = tags(path)

    assert (found.track_number, found.track_total) == (4, 9)
    assert found.album_artists == ("Everyone",)
    assert found.artists == ("Ann", "Bob")
    assert found.isrc == "USRC17607839"


def test_several_values_of_one_vorbis_comment_are_several(recordings, tmp_path):
    path = shutil.copy(recordings[".ogg"], tmp_path / "one.ogg")
    file = mutagen.oggvorbis.OggVorbis(path)
    file["artist"] = ["Ann", "Bob; Carl"]
    file["tracktotal"] = ["12"]
    file.save()

    found = tags(path)

    assert found.artists == ("Ann", "Bob; Carl")
    assert found.track_total == 12


def test_nul_control_characters_and_thousands_of_frames_are_cleaned(recordings, tmp_path):
    path = shutil.copy(recordings[".mp3"], tmp_path / "one.mp3")
    frames = mutagen.id3.ID3()
    frames.add(mutagen.id3.TIT2(encoding=3, text="A\x07 bell"))
    frames.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="", text="x" * 10_000_000))
    for number in range(5_000):
        frames.add(mutagen.id3.TXXX(encoding=1, desc=str(number), text="\x00\x01"))
    frames.save(path)

    found = tags(path)

    assert found.title == "A bell"
    assert len(found.comment) == 10_000


def test_broken_utf_16_spoils_nothing_else(recordings, tmp_path):
    whole = bytearray(recordings[".mp3"].read_bytes())
    frame = b"TIT2" + (7).to_bytes(4, "big") + b"\0\0" + b"\x01\xff\xfe\x00\xd8A\x00"
    artist = b"TPE1" + (4).to_bytes(4, "big") + b"\0\0" + b"\x00Ann"
    body = frame + artist
    size = (int.from_bytes(bytes(whole[6:10]), "big"),)
    assert size
    header = b"ID3\x04\0\0" + bytes(((len(body) >> shift) & 0x7F) for shift in (21, 14, 7, 0))
    sound = whole[10 + sum(byte << shift for byte, shift in zip(whole[6:10], (21, 14, 7, 0), strict=True)) :]
    path = tmp_path / "x.mp3"
    path.write_bytes(header + body + sound)

    found = tags(path)

    assert found.artists == ("Ann",)
    assert found.title is None or "\0" not in found.title


def test_tags_that_the_library_cannot_read_leave_what_the_container_said(recordings, monkeypatch):
    def fail(file):
        raise ValueError("broken")

    monkeypatch.setattr(subject, "READERS", {"mp3": fail})

    assert tags(recordings[".mp3"]).title == "Schöner Vogel"


def test_an_enormous_tag_is_left_to_the_container(recordings, monkeypatch):
    monkeypatch.setattr(subject, "LARGEST_TAG_BYTES", 10)

    assert tags(recordings[".mp3"]).artists == ("Ann",)

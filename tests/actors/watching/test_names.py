"""Which names can be recordings."""

import pytest

from actors.watching.names import claims_audio, is_candidate, is_skipped_folder


@pytest.mark.parametrize(
    "name",
    [
        b"song.mp3",
        b"SONG.FLAC",
        b"no ending",
        b"caf\xe9.ogg",
        b"film.mkv",
        b"strange.xyz",
        b".hidden.mp3",
        b"a\nb.wav",
        b"mp3",
    ],
)
def test_what_may_hold_sound_is_a_candidate(name):
    assert is_candidate(name)


@pytest.mark.parametrize(
    "name",
    [b"cover.JPG", b"notes.txt", b"song.mp3.part", b"song.crdownload", b"x.tmp", b"x.mp3.!qB", b"._song.mp3",
     b".syncthing.song.mp3.tmp", b".DS_Store", b"album.cue", b"backup~"],
)  # fmt: skip
def test_what_never_holds_sound_or_is_unfinished_is_not(name):
    assert not is_candidate(name)


@pytest.mark.parametrize(
    "name", [b"@eaDir", b"#snapshot", b"$RECYCLE.BIN", b"lost+found", b".stversions", b".Trash-1000"]
)
def test_folders_of_systems_are_skipped(name):
    assert is_skipped_folder(name)


def test_other_folders_are_not():
    assert not is_skipped_folder(b"lost and found")


def test_the_ending_claims_audio_whatever_its_case():
    assert claims_audio(b"/music/a.Mp3")
    assert not claims_audio(b"/music.mp3/readme")
    assert not claims_audio(b"/music/.mp3")

"""Samples of real files, whole and broken."""

import os
import shutil

import numpy as np
import pytest

from actors.errors import UnreadableError
from actors.media.decode import BLOCK_SAMPLES, open_decoder
from actors.media.synthesis import RATE_HZ, Piece, render
from actors.media.writing import Format, write_samples

FLOAT = Format("wav", "pcm_f32le")


def decoded(path):
    with open_decoder(os.fsencode(path)) as decoder:
        blocks = list(decoder.blocks())
        assert {block.dtype for block in blocks} == {np.dtype(np.float32)}
        return decoder, blocks


@pytest.mark.parametrize("ending", [".flac", ".wav", ".aiff", ".mka"])
def test_lossless_formats_give_back_what_was_written(recordings, ending):
    decoder, blocks = decoded(recordings[ending])

    expected = render(Piece(bpm=120, tonic=2), length_s=4.0)
    assert decoder.rate_hz == RATE_HZ
    samples = np.concatenate(blocks, axis=1)
    assert samples.shape == expected.shape
    assert np.abs(samples - expected).max() < 1e-4
    assert decoder.position == 1.0


@pytest.mark.parametrize("ending", [".mp3", ".ogg", ".opus", ".m4a"])
def test_lossy_formats_give_about_what_was_written(recordings, ending):
    decoder, blocks = decoded(recordings[ending])

    samples = np.concatenate(blocks, axis=1)
    assert samples.shape[1] / decoder.rate_hz == pytest.approx(4.0, abs=0.05)
    assert np.abs(samples).max() == pytest.approx(0.8, abs=0.15)


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 384_000])
def test_any_number_of_channels_stays_apart(tmp_path, channels, rate_hz):
    levels = np.arange(1, channels + 1, dtype=np.float32) / 10
    samples = np.repeat(levels[:, None], rate_hz // 10, axis=1)
    path = write_samples(tmp_path / "x.wav", samples, rate_hz=rate_hz, form=FLOAT)

    decoder, blocks = decoded(path)

    assert len(decoder.speakers) == channels
    assert np.array_equal(np.concatenate(blocks, axis=1), samples)


def test_blocks_are_large_and_of_one_length_but_for_the_last(tmp_path):
    samples = np.zeros((1, 3 * BLOCK_SAMPLES), dtype=np.float32)
    path = write_samples(tmp_path / "x.flac", samples, rate_hz=48_000)

    lengths = [block.shape[1] for block in decoded(path)[1]]

    assert lengths[:-1] == [BLOCK_SAMPLES // 480 * 480] * 3
    assert sum(lengths) == samples.shape[1]


def test_a_name_that_is_no_utf_8_is_decoded(recordings, tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9 ',:[];\\.mp3"
    shutil.copy(recordings[".mp3"], path)

    with open_decoder(path) as decoder:
        assert sum(block.shape[1] for block in decoder.blocks()) > 170_000


@pytest.mark.parametrize("ending", [".mp3", ".flac", ".ogg"])
def test_sound_after_a_hole_is_still_given(recordings, tmp_path, ending):
    whole = recordings[ending].read_bytes()
    third = len(whole) // 3
    (tmp_path / f"x{ending}").write_bytes(
        whole[:third] + np.random.default_rng(1).bytes(3_000) + whole[third + 3_000 :]
    )

    _, blocks = decoded(tmp_path / f"x{ending}")

    assert 2.0 < sum(block.shape[1] for block in blocks) / RATE_HZ < 4.2


def test_what_is_no_number_becomes_silence(tmp_path):
    samples = np.array([[0.5, np.nan, np.inf, -np.inf, 1e30] * 200], dtype=np.float32)
    path = write_samples(tmp_path / "x.wav", samples, rate_hz=8_000, form=FLOAT)

    _, blocks = decoded(path)

    assert blocks[0][0, :5].tolist() == [0.5, 0.0, 1000.0, -1000.0, 1000.0]


def test_a_file_without_sound_is_refused(tmp_path):
    (tmp_path / "x.mp3").write_bytes(b"text " * 1_000)

    with pytest.raises(UnreadableError) as caught:
        decoded(tmp_path / "x.mp3")

    assert caught.value.kind == "no_audio"


def test_a_recording_without_a_single_sample_is_corrupt(recordings, tmp_path):
    whole = recordings[".wav"].read_bytes()
    (tmp_path / "x.wav").write_bytes(whole[: whole.index(b"data") + 8])

    with pytest.raises(UnreadableError) as caught:
        decoded(tmp_path / "x.wav")

    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("ending", [".flac", ".mp3", ".wav", ".ogg", ".m4a"])
@pytest.mark.parametrize("place", range(4, 44, 4))
def test_a_damaged_header_gives_sound_or_a_reason(recordings, tmp_path, ending, place):
    damaged = bytearray(recordings[ending].read_bytes())
    damaged[place : place + 8] = b"\xff\x00\xff\x00\xff\x00\xff\x00"
    (tmp_path / f"x{ending}").write_bytes(damaged)

    try:
        _, blocks = decoded(tmp_path / f"x{ending}")
        outcome = "sound" if sum(block.shape[1] for block in blocks) else "nothing"
    except UnreadableError as error:
        outcome = error.kind

    assert outcome in {"sound", "no_audio", "corrupt"}

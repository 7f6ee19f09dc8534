"""Samples of real files, whole and broken."""

import os
import shutil

import numpy as np
import pytest

from actors.errors import UnreadableError
from actors.media.decode import BLOCK_SAMPLES, DAMAGE_SAMPLES, LOUDEST, open_decoder
from actors.media.synthesis import RATE_HZ, Piece, render
from actors.media.writing import Format, write_recording, write_samples

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


def test_a_decoder_that_gives_other_samples_than_the_container_says_is_believed(tmp_path):
    samples = render(Piece(bpm=120), length_s=1.0)

    for name, form in [("x.mp2", Format("mp2", "mp2")), ("x.ts", Format("mpegts", "mp2"))]:
        path = write_samples(tmp_path / name, samples, rate_hz=RATE_HZ, form=form)
        decoder, blocks = decoded(path)

        assert sum(block.shape[1] for block in blocks) / decoder.rate_hz == pytest.approx(1.0, abs=0.05)
        assert max(np.abs(block).max() for block in blocks) == pytest.approx(0.8, abs=0.15)


@pytest.mark.parametrize(
    "form",
    [
        Format("wav", "pcm_u8"),
        Format("wav", "pcm_s24le"),
        Format("wav", "pcm_s32le"),
        Format("wav", "pcm_f64le"),
        Format("wav", "adpcm_ms"),
        Format("au", "pcm_s16be"),
        Format("wv", "wavpack"),
        Format("ac3", "ac3"),
        Format("asf", "wmav2", {"b": "128k"}),
        Format("tta", "tta"),
        Format("caf", "alac"),
    ],
    ids=lambda form: form.codec,
)
def test_other_codecs_and_widths_give_about_what_was_written(tmp_path, form):
    path = write_samples(tmp_path / "x", render(Piece(bpm=120), length_s=1.0), rate_hz=RATE_HZ, form=form)

    decoder, blocks = decoded(path)

    assert sum(block.shape[1] for block in blocks) / decoder.rate_hz == pytest.approx(1.0, abs=0.05)
    assert max(np.abs(block).max() for block in blocks) == pytest.approx(0.8, abs=0.15)


def test_a_recording_may_change_its_channels_and_rate_midway(tmp_path):
    sine = 0.5 * np.sin(np.arange(48_000) / 10).astype(np.float32)[None]
    one = write_samples(tmp_path / "one.mp2", sine[:, :44_100], rate_hz=44_100, form=Format("mp2", "mp2"))
    two = write_samples(tmp_path / "two.mp2", np.tile(sine, (2, 1)), rate_hz=48_000, form=Format("mp2", "mp2"))
    (tmp_path / "x.mp2").write_bytes(one.read_bytes() + two.read_bytes())

    decoder, blocks = decoded(tmp_path / "x.mp2")

    assert {block.shape[0] for block in blocks} == {len(decoder.speakers)}
    assert sum(block.shape[1] for block in blocks) / decoder.rate_hz == pytest.approx(2.0, abs=0.1)


def test_float_files_may_be_hot(tmp_path):
    samples = np.linspace(-4, 4, 20_000, dtype=np.float32)[None]
    path = write_samples(tmp_path / "x.wav", samples, rate_hz=48_000, form=FLOAT)

    assert np.array_equal(np.concatenate(decoded(path)[1], axis=1), samples)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, 4.1])
def test_what_is_no_sound_becomes_silence_with_its_surroundings(tmp_path, value):
    samples = np.full((2, 48_000), 0.5, dtype=np.float32)
    samples[1, 24_000] = value
    path = write_samples(tmp_path / "x.wav", samples, rate_hz=48_000, form=FLOAT)

    given = np.concatenate(decoded(path)[1], axis=1)

    assert set(np.unique(given)) == {0.0, 0.5}
    assert not given[:, 24_000 - DAMAGE_SAMPLES : 24_000 + DAMAGE_SAMPLES + 1].any()
    assert np.count_nonzero(given == 0.0) == 2 * 3 * DAMAGE_SAMPLES


def test_a_damaged_mp3_gives_sane_values(tmp_path):
    path = write_recording(tmp_path / "x.mp3", Piece(bpm=120), length_s=20.0)
    damaged = bytearray(path.read_bytes())
    random = np.random.default_rng(4)
    for place in random.integers(3_000, len(damaged), 300):
        damaged[place] ^= int(random.integers(1, 256))
    path.write_bytes(damaged)

    decoder, blocks = decoded(path)

    assert sum(block.shape[1] for block in blocks) / decoder.rate_hz == pytest.approx(20.0, abs=1.0)
    assert max(np.abs(block).max() for block in blocks) <= LOUDEST


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

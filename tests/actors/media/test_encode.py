"""Recordings in another form, decoded again and compared with what went in."""

import io
import os
import shutil

import av
import numpy as np
import pytest

from actors.errors import FileGoneError, UnreadableError
from actors.media.encode import OUTPUT_BYTES, available_forms, encode
from actors.media.recording import open_recording
from actors.media.writing import FORMATS, LAYOUTS, Format, write_samples
from actors.model.delivery import FORMS, Encoding

CODEC_DELAY_S = 0.05
LENGTH_S = 6.0
FLOAT = Format("wav", "pcm_f32le")


def stairs(rate_hz, *, channels=2, length_s=LENGTH_S):
    """A tone that is higher by 100 Hz every second, from 300 Hz on."""
    at_s = np.arange(round(length_s * rate_hz)) / rate_hz
    tone = 0.5 * np.sin(2 * np.pi * (300 + 100 * np.floor(at_s)) * at_s)
    return np.broadcast_to(tone.astype(np.float32), (channels, len(tone))).copy()


@pytest.fixture(scope="module")
def stairways(tmp_path_factory):
    """The stairs in a file of every format, by ending."""
    folder = tmp_path_factory.mktemp("stairs")
    paths = {}
    for ending, form in FORMATS.items():
        rate_hz = form.rate_hz or 44_100
        paths[ending] = write_samples(folder / f"stairs{ending}", stairs(rate_hz), rate_hz=rate_hz)
    return paths


def encoded(path, form, **more):
    pieces = []
    bit_rate = more.pop("bit_rate", 128_000)
    with open_recording(os.fsencode(path)) as recording:
        encode(recording, Encoding(form=form, bit_rate=bit_rate, **more), pieces.append)
    assert max(map(len, pieces)) <= OUTPUT_BYTES
    return b"".join(pieces)


def heard(data):
    """Samples of the left channel, and their rate."""
    with av.open(io.BytesIO(data)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        context = container.streams.audio[0].codec_context
        left = [frame[0, :: 1 if context.format.is_planar else context.channels] for frame in frames]
        return np.concatenate(left).astype(float), context.sample_rate


def pitch_hz(samples, rate_hz, at_s):
    """Of half a second around a moment."""
    middle = round(at_s * rate_hz)
    part = samples[middle - rate_hz // 4 : middle + rate_hz // 4]
    return np.abs(np.fft.rfft(part * np.hanning(len(part)))).argmax() * rate_hz / len(part)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ending", FORMATS)
def test_every_form_of_every_format_sounds_the_same(stairways, ending, form):
    samples, rate_hz = heard(encoded(stairways[ending], form))

    assert len(samples) / rate_hz == pytest.approx(LENGTH_S, abs=2 * CODEC_DELAY_S)
    for second in range(int(LENGTH_S)):
        assert pitch_hz(samples, rate_hz, second + 0.5) == pytest.approx(300 + 100 * second, abs=4)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ending", FORMATS)
def test_it_begins_where_it_is_asked_to(tmp_path_factory, clicks, ending, form):
    samples, rate_hz = heard(encoded(clicks[ending], form, start_s=4.5))
    loud = np.flatnonzero(np.abs(samples) > 0.3 * np.abs(samples).max()) / rate_hz

    assert loud[0] == pytest.approx(0.5, abs=CODEC_DELAY_S)
    assert len(samples) / rate_hz == pytest.approx(1.5, abs=2 * CODEC_DELAY_S)


@pytest.fixture(scope="module")
def clicks(tmp_path_factory):
    """Silence with ten milliseconds of a tone at every whole second, in a file of every format."""
    folder = tmp_path_factory.mktemp("clicks")
    paths = {}
    for ending, form in FORMATS.items():
        rate_hz = form.rate_hz or 44_100
        samples = np.zeros((2, round(LENGTH_S * rate_hz)), np.float32)
        burst = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(rate_hz // 100) / rate_hz)
        for second in range(int(LENGTH_S)):
            samples[:, second * rate_hz : second * rate_hz + len(burst)] = burst
        paths[ending] = write_samples(folder / f"clicks{ending}", samples, rate_hz=rate_hz)
    return paths


def test_a_recording_of_variable_bit_rate_without_an_index_begins_where_it_is_asked_to(tmp_path):
    rate_hz = 44_100
    samples = np.zeros((1, 60 * rate_hz), np.float32)
    noise = np.random.default_rng(1).normal(0, 0.2, (1, 30 * rate_hz)).astype(np.float32)
    samples[:, : noise.shape[1]] = noise  # the first half takes many bits, the second few
    samples[:, 45 * rate_hz : 45 * rate_hz + 441] = 0.9
    form = Format("mp3", "libmp3lame", {"q": "2", "write_xing": "0"})
    path = write_samples(tmp_path / "vbr.mp3", samples, rate_hz=rate_hz, form=form)

    heard_, heard_hz = heard(encoded(path, "opus", start_s=44.0))

    assert np.flatnonzero(np.abs(heard_) > 0.3)[0] / heard_hz == pytest.approx(1.0, abs=CODEC_DELAY_S)


@pytest.mark.parametrize("channels", [1, *(count for count in LAYOUTS if count > 2)])
@pytest.mark.parametrize("form", FORMS)
def test_more_channels_are_mixed_to_two_that_do_not_clip(tmp_path, form, channels):
    samples = stairs(48_000, channels=channels, length_s=2.0) * 1.9
    path = write_samples(tmp_path / "many.wav", samples, rate_hz=48_000, form=FLOAT)
    data = encoded(path, form, bit_rate=192_000)

    with av.open(io.BytesIO(data)) as container:
        assert container.streams.audio[0].codec_context.channels == min(channels, 2)
    left, rate_hz = heard(data)
    left /= 32768 if np.abs(left).max() > 4 else 1
    spectrum = np.abs(np.fft.rfft(left[: 3 * rate_hz // 4] * np.hanning(3 * rate_hz // 4)))
    third = round(900 * 0.75)
    assert spectrum[third - 5 : third + 5].max() < 0.02 * spectrum.max()
    assert np.abs(left).max() < 1.2


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 96_000, 384_000])
@pytest.mark.parametrize("form", FORMS)
def test_every_rate_becomes_one_that_players_know(tmp_path, form, rate_hz):
    path = write_samples(tmp_path / "rate.wav", stairs(rate_hz, length_s=3.0), rate_hz=rate_hz)
    samples, delivered_hz = heard(encoded(path, form, bit_rate=64_000))

    assert delivered_hz == FORMS[form].rate_hz(rate_hz)
    assert pitch_hz(samples, delivered_hz, 1.5) == pytest.approx(400, abs=4)


@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_tags_go_along_where_the_container_has_room(stairways, form):
    with av.open(io.BytesIO(encoded(stairways[".wav"], form, tags={"title": "Räk ☂", "artist": "Ann"}))) as container:
        found = {**container.streams.audio[0].metadata, **container.metadata}

    assert {name.lower(): value for name, value in found.items()} == {"title": "Räk ☂", "artist": "Ann"}


@pytest.mark.parametrize("form", FORMS)
def test_the_bit_rate_is_kept_and_equal_input_gives_equal_bytes(stairways, form):
    first, second = (encoded(stairways[".flac"], form, bit_rate=96_000) for _ in range(2))
    larger = encoded(stairways[".flac"], form, bit_rate=256_000)

    assert first == second
    assert len(larger) > len(first)
    assert len(first) < 1.5 * 96_000 / 8 * LENGTH_S


def test_nothing_is_written_of_what_is_no_sound(tmp_path, recordings):
    def refused(path, **more):
        with pytest.raises(UnreadableError) as error, open_recording(os.fsencode(path)) as recording:
            encode(recording, Encoding(form="mp3", bit_rate=128_000, **more), refuse)
        return error.value.kind

    def refuse(data):
        raise AssertionError(data)

    text = tmp_path / "text.mp3"
    text.write_text("no sound")
    torn = tmp_path / "torn.flac"
    torn.write_bytes(recordings[".flac"].read_bytes()[:100])

    assert refused(text) == "no_audio"
    assert refused(torn) == "corrupt"
    assert refused(recordings[".mp3"], start_s=60.0) == "past_end"


def test_damage_in_the_middle_is_skipped(tmp_path, stairways):
    data = bytearray(stairways[".mp3"].read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5_000] = bytes(5_000)
    torn = tmp_path / "torn.mp3"
    torn.write_bytes(data)
    samples, rate_hz = heard(encoded(torn, "opus"))

    assert LENGTH_S - 1 < len(samples) / rate_hz <= LENGTH_S + CODEC_DELAY_S
    assert pitch_hz(samples, rate_hz, 1.5) == pytest.approx(400, abs=4)


def test_a_file_that_changes_meanwhile_is_told(tmp_path, stairways):
    path = tmp_path / "changing.wav"
    shutil.copy(stairways[".wav"], path)

    def change(data):
        os.truncate(path, 44 + 100_000)

    with pytest.raises(FileGoneError), open_recording(os.fsencode(path)) as recording:
        encode(recording, Encoding(form="mp3", bit_rate=128_000), change)


def test_the_installed_library_writes_every_form():
    assert available_forms() == tuple(FORMS)

"""What is opened, and what is never let in."""

import os

import av
import pytest

from actors.errors import UnreadableError
from actors.media.container import CONTAINERS, container_name, open_container, whole_frames, whole_packets
from actors.media.recording import open_recording


def test_every_allowed_container_is_one_that_ffmpeg_knows():
    known = {name for names in av.formats_available for name in names.split(",")}

    assert set(CONTAINERS.split(",")) <= known


def test_nothing_that_reads_other_files_is_allowed():
    assert not {"hls", "concat", "dash", "lavfi", "image2", "sdp", "rtsp", "imf"} & set(CONTAINERS.split(","))


def test_the_sound_of_a_recording_is_opened_under_a_plain_name(recordings):
    with (
        open_recording(os.fsencode(recordings[".m4a"])) as recording,
        open_container(recording) as (container, stream),
    ):
        assert container_name(container) == "mp4"
        assert stream.type == "audio"


def test_a_film_without_sound_is_no_recording(tmp_path):
    with av.open(str(tmp_path / "x.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        film.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        film.mux(stream.encode(None))

    with (
        pytest.raises(UnreadableError, match="holds no sound") as caught,
        open_recording(os.fsencode(tmp_path / "x.mp4")) as recording,
        open_container(recording),
    ):
        pass

    assert caught.value.kind == "no_audio"


class Failing:
    """A container and a packet that fail as told."""

    def __init__(self, error):
        self.error = error

    def demux(self, stream):
        raise self.error

    def decode(self):
        raise self.error


def test_damage_is_an_end_but_lack_of_memory_is_none():
    damaged = Failing(av.error.InvalidDataError(1, "broken"))
    starved = Failing(av.error.MemoryError(12, "no memory"))

    assert list(whole_packets(damaged, None)) == []
    assert whole_frames(damaged) == []
    with pytest.raises(MemoryError):
        list(whole_packets(starved, None))
    with pytest.raises(MemoryError):
        whole_frames(starved)

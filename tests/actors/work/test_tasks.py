"""The tasks on real files, in this process."""

import os
import subprocess
import sys

import msgspec
import pytest

from actors.errors import FileGoneError, UnreadableError
from actors.model.features import Features
from actors.model.probe import Probe
from actors.work.tasks import TASKS

LOADED = "import sys; import actors.work.tasks as tasks; {}; print(*(n for n in ('av', 'numpy', 'scipy') if n in sys.modules))"


def ignore(done):
    """Nobody follows."""


def over_the_pipe(value, kind):
    return msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind)


def test_probing_names_and_identifies_a_recording(named):
    path = named("rook")

    probe = TASKS["probe"]()(path, ignore)

    assert probe.tags.title == "Rook"
    assert probe.sound.codec == "flac"
    assert probe.sound.duration_s == pytest.approx(20.0, abs=0.01)
    assert over_the_pipe(probe, Probe) == probe


def test_analyzing_measures_a_recording_and_tells_how_far_it_is(named):
    told = []

    features = TASKS["analyze"]()(named("rook"), told.append)

    assert features.duration_s == pytest.approx(20.0, abs=0.01)
    assert features.tempo.bpm == pytest.approx(120.0, abs=0.1)
    assert features.key.name == "A minor"
    assert told == sorted(told)
    assert len(told) > 2
    assert 0 < told[0] < told[-1] <= 1
    assert over_the_pipe(features, Features) == features


@pytest.mark.parametrize("task", TASKS)
def test_a_file_that_is_no_recording_is_refused(task, tmp_path):
    text = tmp_path / "notes.mp3"
    text.write_text("Buy bread.\n" * 100)

    with pytest.raises(UnreadableError, match=r"notes\.mp3") as refusal:
        TASKS[task]()(str(text).encode(), ignore)

    assert refusal.value.kind in {"no_audio", "corrupt"}


@pytest.mark.parametrize("task", TASKS)
def test_a_file_that_is_not_there_is_gone(task, tmp_path):
    with pytest.raises(FileGoneError) as gone:
        TASKS[task]()(str(tmp_path / "nowhere.mp3").encode(), ignore)

    assert gone.value.kind == "gone"


def test_a_file_that_vanishes_while_it_is_measured_is_gone(named):
    path = named("rook")

    with pytest.raises(FileGoneError) as gone:
        TASKS["analyze"]()(path, lambda _: os.path.exists(path) and os.unlink(path))

    assert gone.value.kind == "gone"


def test_a_file_that_is_written_while_it_is_measured_has_changed(named):
    path = named("rook")

    with pytest.raises(FileGoneError) as changed:
        TASKS["analyze"]()(path, lambda _: os.utime(path, (0, 0)))

    assert changed.value.kind == "changed"


@pytest.mark.parametrize(
    "chosen, loaded", [("None", ""), ("tasks.probing()", "av"), ("tasks.analyzing()", "av numpy scipy")]
)
def test_a_task_loads_what_it_needs_and_nothing_before(chosen, loaded):
    code = LOADED.format(chosen)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    assert said == loaded

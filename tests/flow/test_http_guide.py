"""Every command of the guide to the HTTP interface, run in its order against a real server."""

import re
import shutil
import subprocess
from pathlib import Path

import trio

from actors.media.demo import make_demo

GUIDE = Path(__file__).parents[2] / "docs" / "http.md"
EXAMPLE = re.compile(r"```sh\n(.*?)```\n(?:```(?:text|json)\n(.*?)```)?", re.DOTALL)
SERVER = "http://127.0.0.1:8000"
BETWEEN = "--- next ---"
LIMIT_S = 90


def examples() -> list[tuple[str, str]]:
    """Each block of commands with what it shows."""
    return EXAMPLE.findall(GUIDE.read_text(encoding="utf-8"))


def is_as_shown(printed: str, shown: str) -> bool:
    """Whether something was printed as the guide shows it, where `…` stands for anything."""
    pattern = ".*".join(map(re.escape, shown.strip().split("…")))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


async def test_every_command_of_the_guide_prints_what_the_guide_shows(serve, music, data_dir, tmp_path) -> None:
    assert shutil.which("curl"), "The guide's commands need the program curl, which is not on the PATH."
    make_demo(music, count=5, seconds=3.0)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    script = f"\necho\necho '{BETWEEN}'\n".join(commands for commands, _ in examples())
    async with serve(music, data_dir) as rookery:
        await rookery.until_analyzed(5)
        with trio.fail_after(LIMIT_S):
            run = await trio.run_process(
                ["bash", "-c", script.replace(SERVER, rookery.url)],
                cwd=scratch,
                capture_stdout=True,
                stderr=subprocess.STDOUT,
                check=False,
            )
    printed = run.stdout.decode().split(f"{BETWEEN}\n")

    assert len(printed) == len(examples())
    for (commands, shown), got in zip(examples(), printed, strict=True):
        assert is_as_shown(got, shown), f"{commands}\nprinted\n{got}\nnot\n{shown}"


def test_the_guide_shows_what_most_of_its_commands_print() -> None:
    shown = [shown for _, shown in examples() if shown]

    assert len(shown) >= 12

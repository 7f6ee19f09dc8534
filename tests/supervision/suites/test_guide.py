"""The guide's examples run as they stand."""

import re
from pathlib import Path

import supervision

GUIDE = Path(__file__).parents[3] / "docs" / "supervision.md"


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_examples_run_in_order(capsys) -> None:
    names: dict = {"__name__": "guide"}
    for block in blocks():
        exec(compile(block, str(GUIDE), "exec"), names)

    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "now: 22.0 °C"
    assert printed[1] == "not handled: Measured(celsius=-300.0), crashed"


def test_guide_names_every_state_and_every_file() -> None:
    text = GUIDE.read_text(encoding="utf-8")

    assert all(state.name in text for state in supervision.ActorState)
    files = {path.stem for path in Path(supervision.__file__).parent.glob("*.py")} - {"__init__"}
    assert all(f"`{name}`" in text for name in files)

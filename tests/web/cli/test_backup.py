"""`rookery backup`, as far as it goes without a database: see tests/flow for the rest."""

from click.testing import CliRunner

from web.cli import main


def test_a_file_that_is_there_is_kept(tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text("precious")

    answer = CliRunner().invoke(main, ["backup", str(file), "--data-dir", str(tmp_path / "data")])

    assert answer.exit_code == 2
    assert "--force" in answer.output
    assert file.read_text() == "precious"

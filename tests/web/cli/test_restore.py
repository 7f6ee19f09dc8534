"""`rookery restore`, as far as it goes without a database: see tests/flow for the rest."""

from click.testing import CliRunner

from web.cli import main


def test_nothing_is_replaced_without_a_yes(tmp_path) -> None:
    answer = CliRunner().invoke(
        main, ["restore", str(tmp_path / "file"), "--data-dir", str(tmp_path / "data")], input="n\n"
    )

    assert answer.exit_code == 1
    assert not (tmp_path / "data").exists()

"""README's commands run one after another in a clone; those with a reason to skip them do not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from pipeline.authoring.readme_commands import Command, commands
from stages.tools.check_readme import main
from tests.support import tiny

README = """# Title

```bash
echo one > made       # a remark

cat made
```

<!-- not run: you have no such file -->
```bash
cat /no/such/file
```

```yaml
echo: not a command
```
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(tiny.params()), encoding="utf-8")
    subprocess.run(["git", "init", "-q"], check=True)
    return tmp_path


def called(readme: str) -> Result:
    Path("README.md").write_text(readme, encoding="utf-8")
    subprocess.run(["git", "add", "README.md", "params.yaml"], check=True)
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    return CliRunner().invoke(main, ["clone"])


def block(*lines: str) -> str:
    return "\n".join(["```bash", *lines, "```", ""])


def test_commands_are_found_with_the_reason_to_skip_them() -> None:
    assert list(commands(README)) == [
        Command("echo one > made       # a remark"),
        Command("cat made"),
        Command("cat /no/such/file", skip="you have no such file"),
    ]


def test_commands_run_in_a_clone_and_failures_are_shown(project: Path) -> None:
    result = called(README)
    assert result.exit_code == 0, result.output
    assert "not run          cat /no/such/file  (you have no such file)\n" in result.stdout
    assert result.stdout.endswith("2 of 2 commands passed.\n")
    assert not (project / "made").exists()
    assert (project / "clone" / "made").exists()

    result = called(block("echo so; exit 3", "test ! -e made"))
    assert result.exit_code == 1
    assert "so\n" in result.stdout
    assert result.stdout.endswith("1 of 2 commands passed.\n"), "the clone was not brought to the last commit"


def test_a_folder_of_something_else_is_left_alone(project: Path) -> None:
    (project / "clone").mkdir()
    result = called(block("true"))
    assert result.exit_code == 2
    assert "clone: it is no clone of this project; name a folder that does not exist yet." in result.stderr

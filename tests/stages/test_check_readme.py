"""README's commands are found with what is told about them, and run one after another in a clone."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stages.tools.check_readme import Command, commands, main

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

<!-- serves: http://localhost:1 -->
```bash
serve
```
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("methods: {}\n", encoding="utf-8")
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


def test_commands_are_found_with_what_is_told_about_them() -> None:
    assert list(commands(README)) == [
        Command("echo one > made       # a remark"),
        Command("cat made"),
        Command("cat /no/such/file", skip="you have no such file"),
        Command("serve", serves="http://localhost:1"),
    ]


def test_commands_run_in_a_clone_and_failures_are_told(project: Path) -> None:
    result = called(README.split("<!-- serves")[0])
    assert result.exit_code == 0, result.output
    assert "not run          cat /no/such/file  (you have no such file)\n" in result.stdout
    assert result.stdout.endswith("2 of 2 commands passed.\n")
    assert not (project / "made").exists()
    assert (project / "clone" / "made").exists()

    result = called(block("echo so; exit 3", "test ! -e made"))
    assert result.exit_code == 1
    assert "so\n" in result.stdout
    assert result.stdout.endswith("1 of 2 commands passed.\n"), "the clone was not brought to the last commit"


def test_what_serves_is_ended_once_it_answers(project: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/README.md"
    served = f"<!-- serves: {address} -->\n"
    result = called(served + block(f"{sys.executable} -m http.server {port} --bind 127.0.0.1"))
    assert result.exit_code == 0, result.output
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
    assert called(served + block("true")).exit_code == 1


def test_a_folder_of_something_else_is_left_alone(project: Path) -> None:
    (project / "clone").mkdir()
    result = called(block("true"))
    assert result.exit_code == 2
    assert "clone: it is no clone of this project; name a folder that does not exist yet." in result.stderr

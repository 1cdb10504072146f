"""DVC, started by a command of the project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipeline.core.errors import BadInput


def repro(folder: Path, *arguments: str) -> None:
    """Run `dvc repro` with this interpreter's environment first on the PATH. Raises BadInput where DVC stops."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "dvc", "repro", "--quiet", *arguments]
    if subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, check=False).returncode:
        problem = "dvc repro stopped, and the message above says why; what is finished is kept"
        raise BadInput(problem, str(folder.resolve()), "mend it and run this again")

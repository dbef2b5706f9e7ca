"""What the app and `--help` must not import, read from sys.modules of a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "transformers", "datasets", "peft", "trl", "bitsandbytes", "accelerate"}
ROOT = Path(__file__).parents[2]
SCREEN_MODULES = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in (ROOT / "screens").rglob("*.py")
    if file.name != "__init__.py"
)


def modules_after(code: str) -> set[str]:
    """Names of all modules that a fresh Python holds after `code`."""
    script = f"import json, sys\n{code}\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy() -> None:
    loaded = modules_after(
        "sys.argv = ['workbench', '--help']\n"
        "from workbench.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert not loaded & (HEAVY | {"textual", "pydantic", "numpy", "pyarrow"})
    assert "typer" in loaded


def test_the_app_starts_without_anything_heavy() -> None:
    loaded = modules_after(
        "from workbench.cli.opening import open_app\nfrom screens.app import WorkbenchApp\nWorkbenchApp()"
    )
    assert not loaded & (HEAVY | {"pydantic", "numpy", "pyarrow", "typer"})
    assert "textual" in loaded


def test_no_screen_imports_anything_heavy() -> None:
    loaded = modules_after("\n".join(f"import {module}" for module in SCREEN_MODULES))
    assert not loaded & HEAVY
    assert set(SCREEN_MODULES) <= loaded


@pytest.mark.parametrize("package", ["data", "recipe", "runs", "gpu", "estimate", "models.find"])
def test_the_engine_s_light_parts_import_no_torch_and_no_textual(package: str) -> None:
    folder = ROOT / "workbench" / package.replace(".", "/")
    modules = [f"workbench.{package}"]
    if folder.is_dir():
        modules += [
            ".".join(file.relative_to(ROOT).with_suffix("").parts)
            for file in folder.rglob("*.py")
            if file.stem not in ("__init__", "__main__")
        ]
    loaded = modules_after("\n".join(f"import {module}" for module in modules))
    assert not loaded & (HEAVY | {"textual"})

"""A stranger publishes a plugin: two wheels, a bare environment, a green contract, a catalogue.

Offline throughout. The bare environment is a fresh venv into which only pytest, hypothesis, pluggy
and what those need are copied from the environment that runs this test; the wheels are installed
by pip, which finds their dependencies there or fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "samples" / "invekto-plugin-tortoise"
LEFT_OUT = shutil.ignore_patterns("tests", "build", "*.egg-info", "__pycache__", ".*_cache")
SEEN = """
import json
from entrypoints.capabilities import capabilities
from entrypoints.registry import discover
registry = discover(bundled=())
manifest = registry.manifests["tortoise"]
print(json.dumps({
    "ids": list(registry.manifests), "refused": registry.refused, "name": manifest.name,
    "powers": capabilities(manifest), "level": registry.quality["tortoise"].level,
}))
"""

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path, path: str = "") -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON", "PIP"))}
    ran = subprocess.run(
        [*map(str, command)],
        cwd=cwd, env={**env, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheels of invekto-ports and of the sample, built from copies of their folders."""
    folder = tmp_path_factory.mktemp("wheels")
    shutil.copytree(ROOT / "ports", folder / "ports", ignore=LEFT_OUT)
    shutil.copytree(SAMPLE, folder / "sample", ignore=LEFT_OUT)
    run(
        sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation",
        "--wheel-dir", folder, folder / "ports", folder / "sample",
        cwd=folder,
    )  # fmt: skip
    [ports] = folder.glob("invekto_ports-*.whl")
    [sample] = folder.glob("invekto_plugin_tortoise-*.whl")
    return ports, sample


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, wheels: tuple[Path, Path]) -> Path:
    """The interpreter of an environment that holds the two wheels and pytest, nothing else."""
    home = tmp_path_factory.mktemp("bare")
    venv.create(home, with_pip=False, symlinks=True)
    [site] = home.glob("lib/python*/site-packages")
    for dist in needed("pytest", "hypothesis", "pluggy"):
        copy(dist, site)
    python = home / "bin" / "python"
    ports, sample = wheels
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--quiet",
        f"{ports}[conformance]", sample,
        cwd=home,
    )  # fmt: skip
    return python


def needed(*names: str) -> Iterator[Distribution]:
    """The distributions of these names, and all that they need here."""
    waiting, seen = list(names), set[str]()
    while waiting:
        if (name := waiting.pop().lower()) in seen:
            continue
        seen.add(name)
        found = distribution(name)
        yield found
        wanted = map(Requirement, found.requires or ())
        waiting += [r.name for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]


def copy(dist: Distribution, site: Path) -> None:
    for file in dist.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(dist.locate_file(file)), site / file)


def test_a_strangers_contract_is_green_where_only_the_ports_and_pytest_are(
    bare: Path, tmp_path: Path
) -> None:
    shutil.copytree(SAMPLE / "tests", tmp_path / "tests")
    told = run(
        bare, "-m", "pytest", "-W", "error", "-c", os.devnull, "--rootdir", tmp_path, "tests",
        cwd=tmp_path,
    )  # fmt: skip
    assert "invekto-ports-1" in told, "the wheel registers the kit with pytest"
    assert " passed" in told
    assert "failed" not in told


def test_nothing_of_the_house_but_the_ports_reaches_a_stranger(bare: Path, tmp_path: Path) -> None:
    listing = "import importlib.util as u; print([n for n in {!r} if u.find_spec(n)])"
    names = ["ports", "core", "adapters", "plugins", "entrypoints", "flask", "sqlalchemy"]
    assert run(bare, "-c", listing.format(names), cwd=tmp_path).strip() == "['ports']"


def test_the_wheel_of_the_ports_holds_the_language_and_the_kit_only(
    wheels: tuple[Path, Path],
) -> None:
    with zipfile.ZipFile(wheels[0]) as wheel:
        tops = {name.partition("/")[0] for name in wheel.namelist()}
        folders = {name.split("/")[1] for name in wheel.namelist() if name.count("/") > 1}
        typed = "ports/py.typed" in wheel.namelist()
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ports"}
    assert typed, "an author's type checker sees our types"
    assert "tests" not in folders


def test_the_house_sees_the_strangers_plugin_in_its_catalogue(
    wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheels[1]) as wheel:
        wheel.extractall(tmp_path)
    path = f"{ROOT}{os.pathsep}{tmp_path}"
    seen = json.loads(run(sys.executable, "-c", SEEN, cwd=tmp_path, path=path))
    assert seen == {
        "ids": ["tortoise"],
        "refused": {},
        "name": "Tortoise Express",
        "powers": ["carrier", "webhooks"],
        "level": "sound",
    }

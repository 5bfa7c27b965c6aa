"""The image of docker/Dockerfile, built and run by a Docker engine; `make image-test`."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import container
import pytest

from moien.recipe.settings import ROOT
from moien.recipe.stages import STAGES

USER = 1000


@dataclass
class Image:
    """The image that was built, and a folder for mounts."""

    docker: str
    tag: str
    folder: Path

    def command(self, *words: str, options: tuple[str, ...] = ()) -> list[str]:
        """A `docker run`; the network is not reached, so all that is needed must be in the image."""
        return [self.docker, "run", "--rm", "--init", "--network", "none", *options, self.tag, *words]

    def run(self, *words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        return subprocess.run(self.command(*words, options=options), capture_output=True, text=True)

    def mounts(self, name: str, user: int) -> tuple[str, ...]:
        """Options of a run with folders of this machine, which belong to `user`."""
        for part in ("cache", "work"):
            folder = self.folder / name / part
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, user, user)
        work = self.folder / name
        volumes = ("-v", f"{work}/cache:/cache", "-v", f"{work}/work:/work")
        return ("--user", f"{user}:{user}", *volumes)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    folder = tmp_path_factory.mktemp("image")
    docker = container.client()
    with pytest.MonkeyPatch.context() as patch, container.engine(docker, folder) as host:
        if host:
            patch.setenv("DOCKER_HOST", host)
        container.import_base(docker, folder)
        with container.pip_settings(folder) as conf:
            container.build(
                docker, container.clone(folder / "clone"), "moien:test", conf, folder / "build.log"
            )
        yield Image(docker, "moien:test", folder)


def digests(work: Path) -> dict[str, str]:
    """Stage → digest of all files that it wrote."""
    made = {stage.name: stage.output.replace("/R", "/mini") for stage in STAGES if stage.output}
    return {
        name: json.loads((work / folder / "manifest.json").read_text())["digest"]
        for name, folder in made.items()
    }


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digests of a run of `mini` by the environment of this checkout."""
    work = tmp_path_factory.mktemp("outside")
    command = [str(ROOT / "run.sh"), "--recipe", "mini", "--set", f"system.work_dir={work}"]
    subprocess.run(command, check=True, capture_output=True)
    return digests(work)


def test_it_lists_the_stages_as_any_user(image: Image) -> None:
    for user in ("0:0", "1000:1000", "12345:12345"):
        ended = image.run("--list", options=("--user", user, "--read-only"))
        assert ended.returncode == 0, ended.stderr
        assert "Forced alignment" in ended.stdout


def test_a_wrong_call_exits_with_2(image: Image) -> None:
    assert image.run("--recipe", "none").returncode == 2


def test_a_run_as_root_gives_the_bytes_of_a_run_outside(image: Image, outside: dict[str, str]) -> None:
    ended = image.run("--recipe", "mini", options=image.mounts("root", 0))
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert digests(image.folder / "root" / "work") == outside


def test_a_stopped_and_a_killed_training_go_on_to_the_same_bytes(
    image: Image, outside: dict[str, str]
) -> None:
    """As another user, with nothing writable but the mounts."""
    options = (*image.mounts("user", USER), "--read-only", "--tmpfs", "/tmp", "--stop-timeout", "60")
    work = image.folder / "user" / "work"
    for number, end in enumerate((("stop",), ("kill",))):
        name = f"moien-test-{end[0]}-{os.getpid()}"
        log = work / "exp/mini/log/train.log"
        log.unlink(missing_ok=True)
        running = subprocess.Popen(
            image.command("--recipe", "mini", options=(*options, "--name", name)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        wanted = ("prosody 30/60", "prosody 60/60")[number]
        while running.poll() is None and not (log.exists() and wanted in log.read_text()):
            time.sleep(1)
        subprocess.run([image.docker, *end, name], check=True, capture_output=True)
        printed, _ = running.communicate()
        assert running.returncode == {"stop": 130, "kill": 137}[end[0]], printed[-3000:]
        if end[0] == "stop":
            assert "is saved, the same command goes on" in printed
    ended = image.run("--recipe", "mini", options=options)
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert "resumed at step" in log.read_text()
    assert digests(work) == outside
    foreign = [path for path in work.rglob("*") if (path.lstat().st_uid, path.lstat().st_gid) != (USER, USER)]
    assert not foreign


def test_the_quick_tests_pass_inside(image: Image) -> None:
    words = ("-m", "pytest", "-q", "-m", "not weights and not shared", "-p", "no:cacheprovider", "tests/unit")
    options = ("--entrypoint", ".venv/bin/python", "--shm-size", "1g", "-e", "OMP_NUM_THREADS=1")
    ended = image.run(*words, "-n", "2", "--dist", "loadfile", options=options)
    print(ended.stdout[-500:])
    assert ended.returncode == 0, ended.stdout[-5000:]

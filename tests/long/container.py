"""A Docker engine, a base image and the image of docker/Dockerfile, on a machine that may have none of them."""

from __future__ import annotations

import contextlib
import http.server
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from moien.recipe.settings import ROOT

BASE = "debian:12"
PIP_KEYS = ("index-url", "extra-index-url", "find-links")


def has_buildkit(program: str) -> bool:
    """Whether this client can build with secrets; newer ones need a plugin for it."""
    command, environment = [program, "build", "--help"], os.environ | {"DOCKER_BUILDKIT": "1"}
    made = subprocess.run(command, env=environment, capture_output=True, text=True)
    return made.returncode == 0 and "--secret" in made.stdout


def client() -> str:
    """The first `docker` of PATH that can build with secrets."""
    for folder in os.get_exec_path():
        program = shutil.which("docker", path=folder)
        if program and has_buildkit(program):
            return program
    pytest.fail("no docker client with BuildKit: apt-get install docker.io, or docker-buildx")


@contextlib.contextmanager
def engine(docker: str, folder: Path) -> Iterator[str]:
    """The address of a Docker engine: the one that runs, or one started in `folder` (as root)."""
    if subprocess.run([docker, "info"], capture_output=True).returncode == 0:
        yield os.environ.get("DOCKER_HOST", "")
        return
    if not (shutil.which("dockerd") and os.getuid() == 0):
        pytest.fail("no Docker engine answers, and one can only be started by root with dockerd installed")
    host = f"unix://{folder}/docker.sock"
    options = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-p", f"{folder}/pid"]
    network = ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(["dockerd", *options, "-H", host, *network], stdout=log, stderr=log)
    try:
        for _ in range(60):
            if subprocess.run([docker, "-H", host, "info"], capture_output=True).returncode == 0:
                break
            time.sleep(1)
        else:
            pytest.fail(f"dockerd did not start in a minute: {folder}/log")
        yield host
    finally:
        daemon.terminate()
        daemon.wait(60)


def import_base(docker: str, folder: Path) -> None:
    """Have the image BASE: here already, from a registry, or made by debootstrap from the Debian archive."""
    if any(
        subprocess.run([docker, *command, BASE], capture_output=True).returncode == 0
        for command in (["image", "inspect"], ["pull"])
    ):
        return
    root = folder / "root"
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root], check=True, capture_output=True)
    with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as archive:
        subprocess.run([docker, "import", "-", BASE], stdin=archive.stdout, check=True, capture_output=True)
    shutil.rmtree(root)


@contextlib.contextmanager
def pip_settings(folder: Path) -> Iterator[Path]:
    """A pip.conf with the package indexes of this machine; folders are served on 127.0.0.1 while it is in use."""
    listed = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True)
    lines, served = ["[global]", "timeout = 180", "cert = /run/ca.pem"], folder / "served"
    served.mkdir()
    serve = partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for line in listed.stdout.splitlines():
            key, _, value = line.partition("=")
            name = key.rpartition(".")[2]
            if name not in PIP_KEYS:
                continue
            addresses = []
            for place in value.strip("'").split():
                path = Path(urlsplit(place).path)
                if place.startswith(("file:", "/")):
                    top = path.parent if path.name == "simple" else path  # its files lie beside it
                    link = served / str(len(list(served.iterdir())))
                    link.symlink_to(top)
                    rest = path.relative_to(top)
                    place = f"http://127.0.0.1:{server.server_port}/{link.name}/{rest}"
                addresses.append(place)
            lines.append(f"{name} = {' '.join(addresses)}")
        conf = folder / "pip.conf"
        conf.write_text("\n".join(lines) + "\n")
        yield conf
        server.shutdown()


def build(docker: str, context: Path, tag: str, pip_conf: Path, log: Path) -> None:
    """Build docker/Dockerfile on BASE."""
    certificates = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    secrets = ["--secret", f"id=pip,src={pip_conf}", "--secret", f"id=ca,src={certificates}"]
    command = [
        docker,
        "build",
        "--progress=plain",
        "--network",
        "host",
        "--build-arg",
        f"BASE={BASE}",
        *secrets,
    ]
    command += ["-f", str(context / "docker" / "Dockerfile"), "-t", tag, str(context)]
    with log.open("wb") as file:
        environment = os.environ | {"DOCKER_BUILDKIT": "1"}
        if subprocess.run(command, stdout=file, stderr=file, env=environment).returncode:
            pytest.fail(f"the image was not built: {log.read_text()[-3000:]}")


def clone(folder: Path) -> Path:
    """What is committed of this checkout, in a folder of its own."""
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    return folder

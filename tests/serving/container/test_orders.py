"""What is asked of an engine: the command lines of containers, networks and images, and the packages of an image."""

from __future__ import annotations

import io
import itertools
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from headrace_dags.errors import BadInput, EnvironmentLack
from headrace_serving.container.command import Container, run_command
from headrace_serving.container.engine import Engine
from headrace_serving.container.image import Building, Recipe, archive, build_command, recipe, told_steps
from headrace_serving.container.leftovers import Lock, is_held, labels
from headrace_serving.container.network import closed, create_command
from headrace_serving.container.packages import OWN, PROJECT, SERVER, packages
from headrace_serving.container.settings import ContainerSettings, Mount, bytes_of
from headrace_serving.triton.settings import Endpoint

DOCKER = Engine("/bin/docker", "docker", "28", "x86_64")
PODMAN = Engine("/bin/podman", "podman", "5", "x86_64", rootless=True, selinux=True)
GIB = 1 << 30


def container(memory_bytes: int = 0, network: str = "") -> Container:
    return Container(
        name="headrace-1",
        image="headrace-runtime:1",
        endpoint=Endpoint(1001, 1002),
        mounts=(Mount(Path("/a, b"), "/headrace/project"), Mount(Path("/run"), "/headrace/run", writable=True)),
        shared_memory_bytes=GIB,
        memory_bytes=memory_bytes,
        network=network,
        user=(501, 20),
        groups=(27, 998),
        labels=labels("headrace-1", Path("/run/lock")),
    )


def pairs(command: list[str]) -> set[tuple[str, str]]:
    return set(itertools.pairwise(command))


def test_a_container_may_do_little() -> None:
    command = run_command(DOCKER, container(2 * GIB, "headrace-closed"))
    said = pairs(command)
    assert {"--rm", "--interactive", "--read-only"} <= set(command)
    assert {("--cap-drop", "ALL"), ("--security-opt", "no-new-privileges"), ("--pull", "never")} <= said
    assert {("--memory", str(2 * GIB)), ("--shm-size", str(GIB)), ("--network", "headrace-closed")} <= said
    assert {("--publish", "127.0.0.1:1001:8001"), ("--publish", "127.0.0.1:1002:8002")} <= said
    assert ("--pids-limit", "16384") in said
    assert {("--user", "501:20"), ("--group-add", "27"), ("--group-add", "998")} <= said
    assert ("--dns", "0.0.0.0") in said  # nobody listens there
    assert ("--mount", 'type=bind,"source=/a, b",target=/headrace/project,readonly') in said
    assert ("--mount", "type=bind,source=/run,target=/headrace/run") in said
    assert ("--label", "dev.headrace.lock=/run/lock") in said


def test_without_limits_none_is_said() -> None:
    assert not {"--memory", "--network", "--dns"} & set(run_command(DOCKER, container()))
    assert "--pids-limit" not in run_command(replace(DOCKER, counts_processes=False), container())


def test_engines_without_root_map_users() -> None:
    said = pairs(run_command(PODMAN, container()))
    assert {("--userns", "keep-id"), ("--security-opt", "label=disable")} <= said
    rootless = Engine("/bin/docker", "docker", "28", "x86_64", rootless=True)
    assert ("--user", "0:0") in pairs(run_command(rootless, container()))


def test_an_engine_that_gives_other_numbers_keeps_the_callers() -> None:
    said = pairs(run_command(replace(DOCKER, remapped=True), container()))
    assert {("--userns", "host"), ("--user", "501:20")} <= said


@pytest.mark.asyncio
async def test_a_network_that_leads_nowhere(tmp_path: Path) -> None:
    assert "com.docker.network.bridge.enable_ip_masquerade=false" in create_command(DOCKER)
    assert {"no_default_route=1", "--disable-dns"} <= set(create_command(PODMAN))
    assert "outbound_addr=127.0.0.1" in await closed(replace(PODMAN, cni=True))
    refusing = tmp_path / "podman"
    refusing.write_text("#!/bin/sh\necho unsupported network option >&2\nexit 125\n")
    refusing.chmod(0o755)
    with pytest.raises(EnvironmentLack, match=r"\[container-network\].*unsupported network option.*container_network"):
        await closed(replace(PODMAN, path=str(refusing)))


@pytest.mark.parametrize(("text", "count"), [("512m", 512 << 20), ("1g", GIB), ("2GB", 2 * GIB), ("4096", 4096)])
def test_sizes(text: str, count: int) -> None:
    assert bytes_of(text, "x") == count


@pytest.mark.parametrize("text", ["", "much", "0", "-1g", "1t"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(BadInput, match=r"container_shm \[setting-value\]: expects a size"):
        bytes_of(text, "container_shm")


def test_memory_is_three_quarters_of_the_engines() -> None:
    assert ContainerSettings().memory_of(8 * GIB) == 6 * GIB
    assert ContainerSettings(memory_bytes=GIB).memory_of(8 * GIB) == GIB


def test_an_image_is_named_by_what_goes_in(tmp_path: Path) -> None:
    made = recipe(DOCKER, ContainerSettings(), tmp_path)
    assert made.tag == recipe(DOCKER, ContainerSettings(), tmp_path).tag
    others = [recipe(DOCKER, ContainerSettings(base="python:3.12-slim"), tmp_path).tag]
    (tmp_path / "requirements.txt").write_text("rich\n")
    others.append(recipe(DOCKER, ContainerSettings(), tmp_path).tag)
    assert len({made.tag, *others}) == 3
    assert build_command(DOCKER, made) == [
        "/bin/docker", "build", "--force-rm", "--tag", made.tag, "--build-arg", f"BASE={made.base}", "-",
    ]  # fmt: skip
    with tarfile.open(fileobj=io.BytesIO(archive(made))) as tar:
        assert {entry.name for entry in tar} == set(made.files)
        dockerfile = tar.extractfile("Dockerfile")
        assert dockerfile
        assert dockerfile.read().decode() == made.files["Dockerfile"]
    assert "--require-hashes" in made.files["Dockerfile"]


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("Step 3/14 : RUN python3 -m venv /x\n", (3, 14, "RUN python3 -m venv /x")),
        ("STEP 2/9: COPY a b\n", (2, 9, "COPY a b")),
        ("#7 [4/9] RUN pip install\n", (4, 9, "RUN pip install")),
        ("#7 0.512 Collecting numpy\n", None),
        (" ---> 5b21\n", None),
    ],
)
def test_steps_of_a_build(line: str, step: tuple[int, int, str] | None) -> None:
    made, told = Recipe("base", "x86_64", "", {}), list[Building]()
    told_steps(made, told.append)(line)
    assert told == ([Building(made, *step)] if step else [])


def test_every_package_of_headrace_has_hashes(tmp_path: Path) -> None:
    files = packages(tmp_path).files
    assert files[SERVER].startswith("nvidia-pytriton==")
    assert "numpy==1." in files[OWN]
    for text in (files[SERVER], files[OWN]):
        requirements = text.replace("\\\n", "").splitlines()
        assert requirements
        assert all("==" in line and "--hash=sha256:" in line for line in requirements)


def test_packages_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "more" / "base.txt").write_text("rich==13 \\\n  --hash=sha256:00\n# a remark\n")
    (tmp_path / "limits.txt").write_text("pydantic<3\n")
    (tmp_path / "requirements.txt").write_text(
        "headrace[triton]>=0.1\nnvidia_pytriton\n-r more/base.txt\n-c limits.txt\n-e ./own\nattrs # why\n"
    )
    found = packages(tmp_path)
    assert found.origin == "requirements.txt"
    assert found.files[PROJECT].splitlines() == [
        "rich==13 --hash=sha256:00", "-c constraints-0.txt", "attrs",
    ]  # fmt: skip
    assert found.files["constraints-0.txt"] == "pydantic<3\n"


def test_packages_of_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["headrace", "av>=12"]\n')
    found = packages(tmp_path)
    assert (found.origin, found.files[PROJECT]) == ("pyproject.toml", "av>=12\n")


@pytest.mark.parametrize(("line", "said"), [("-e ../elsewhere\n", "../elsewhere"), ("-r none.txt\n", "No such file")])
def test_packages_that_the_image_cannot_have(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(line)
    with pytest.raises(EnvironmentLack, match="container-packages") as caught:
        packages(tmp_path)
    assert said in str(caught.value)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentLack, match="container_requirements"):
        packages(tmp_path, "none.txt")


def test_files_that_include_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r more.txt\n")
    (tmp_path / "more.txt").write_text("rich\n-r requirements.txt\n")
    with pytest.raises(EnvironmentLack, match=r"more\.txt.*files that do not include each other, got a circle"):
        packages(tmp_path)


def test_a_pyproject_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(EnvironmentLack, match=r"pyproject\.toml.*expects TOML"):
        packages(tmp_path)


def test_a_lock_lasts_as_long_as_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "container.lock"
    assert not is_held(path)
    lock = Lock(path)
    assert is_held(path)
    child = os.fork()
    if not child:
        os._exit(int(not is_held(path)))
    assert os.waitpid(child, 0)[1] == 0
    lock.release()
    lock.release()
    assert not is_held(path)
    assert not path.exists()


def test_a_lock_is_never_taken_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"):
        Lock(tmp_path / "lock")
    assert not (tmp_path / "precious").exists()

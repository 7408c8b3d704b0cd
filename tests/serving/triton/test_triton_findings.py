"""What Triton needs of a machine, and what a person is told where it is missing."""

from dataclasses import replace
from pathlib import Path

import pytest

from headrace_dags.errors import EnvironmentLack, Exit
from headrace_serving.triton import shm
from headrace_serving.triton.host import Host
from headrace_serving.triton.probe import findings, locate


@pytest.fixture(scope="module")
def host() -> Host:
    return Host.current()


def lacking(host: Host) -> dict[str, str]:
    return {finding.name: finding.fix for finding in findings(host) if not finding.ok}


def test_this_machine_has_all_that_triton_needs(host):
    assert lacking(host) == {}


def test_the_parts_of_the_server_exist(host):
    parts = locate(host)
    assert parts.server.is_file()
    assert parts.stub.is_file()
    assert (parts.backend / "libtriton_python.so").is_file()
    assert all(folder.is_dir() for folder in parts.libraries)
    assert (parts.programs / "python3").exists()


@pytest.mark.parametrize(
    ("change", "name", "fix"),
    [
        ({"system": "Darwin", "machine": "arm64"}, "platform", "runtime inprocess"),
        ({"glibc": (2, 31)}, "glibc", "newer system"),
        ({"glibc": None}, "glibc", "newer system"),
        ({"process_descriptors": False}, "kernel", "Linux 5.3"),
        ({"wheel": None}, "server", "pip install 'headrace[triton]'"),
        ({"client": False}, "client", "pip install 'headrace[triton]'"),
        ({"python": (3, 99), "python3": None}, "python", "Make the environment with one of those"),
        ({"libpython": None}, "libpython", "--enable-shared"),
        ({"python3": None}, "python3", "virtual environment"),
        ({"python3": "3.9 /usr"}, "python3", "virtual environment"),
        ({"shared_memory_bytes": 1 << 20}, "shared-memory", "--shm-size"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(host, change, name, fix):
    assert fix in lacking(replace(host, **change))[name]


def test_everything_missing_is_told_at_once(host):
    with pytest.raises(EnvironmentLack) as lack:
        locate(replace(host, glibc=(2, 28), client=False, wheel=None))
    assert [problem.code for problem in lack.value.problems] == ["triton-glibc", "triton-server", "triton-client"]
    assert lack.value.exit_code == Exit.ENVIRONMENT == 3
    assert "needs glibc 2.35 or newer, got glibc 2.28" in str(lack.value)


def test_a_wheel_without_its_server_is_a_lack(host, tmp_path):
    assert "server" in lacking(replace(host, wheel=tmp_path))


def test_a_python3_that_does_not_run_is_a_lack(host, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "python3"
    program.parent.mkdir()
    program.write_text("not a program")
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    finding = next(each for each in findings(Host.current()) if each.name == "python3")
    assert "does not run" in finding.detail
    assert "virtual environment" in finding.fix


def test_too_little_shared_memory_is_told_before_the_start():
    with pytest.raises(EnvironmentLack, match=r"needs .* of shared memory for 3 models, got .* free"):
        shm.require_shared_memory(3, reserve_bytes=1 << 60)


def test_shared_memory_that_ran_out_is_recognised_in_what_triton_says():
    load = (
        "Unable to initialize shared memory key 'headrace-1' to requested size (1048576 bytes). If you are running "
        "Triton inside docker, use '--shm-size' flag. Error: No space left on device"
    )
    call = "Failed to increase the shared memory pool size for key 'headrace-1' to 67108864 bytes."
    assert all("--shm-size" in str(shm.shared_memory_lack(text)) for text in (load, call))
    assert shm.shared_memory_lack("ValueError: no space left in the queue") is None


def test_a_log_folder_that_cannot_be_made_is_a_lack(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentLack, match="Choose another folder"):
        shm.require_disk(tmp_path / "file" / "log", 1)


def test_a_full_disk_is_a_lack(tmp_path):
    with pytest.raises(EnvironmentLack, match=r"1073741824.0 GiB free, got .* free"):
        shm.require_disk(tmp_path, 1 << 60)


def test_looking_at_the_machine_loads_no_client(run_python):
    loaded = run_python(
        "import sys; from headrace_serving.triton.probe import findings; from headrace_serving.triton.host import Host;"
        "findings(Host.current()); print(sorted({'numpy', 'tritonclient', 'grpc', 'pytriton'} & set(sys.modules)))"
    )
    assert loaded == "[]"


def test_the_libraries_lie_beside_the_wheel(host):
    assert host.wheel
    assert locate(host).libraries[0] == Path(host.wheel).parent / "nvidia_pytriton.libs"

"""Codes that no rule of declaring owns: at the door, of plans, of the machine, of runs. Each with its title.

Their exit codes are in ``exits.py``, whether the same is tried again in ``fates.py``, what to do in ``advice.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OTHER_GROUPS: Mapping[str, Mapping[str, str]] = {
    "Finding a dag": {
        "no-file": "The file that was named is there",
        "no-module": "The module that was named is there",
        "import-failed": "A module of steps can be imported",
        "no-dag": "The file holds the dag that was named",
        "several-dags": "Of several dags in a file one is named: FILE:DAG",
    },
    "Inputs": {
        "input-shape": "An input is given as name=value or name=@file",
        "input-unknown": "Inputs are those that the dag has",
        "input-missing": "Every input without a default is given",
        "input-twice": "An input for one value is given once",
        "input-file": "A file that is named is there and can be read",
        "input-empty": "A file holds something",
        "input-media": "A file holds the medium that its port declares",
        "input-damaged": "The header of a medium is whole",
        "input-text": "Text is UTF-8",
        "input-value": "A value fits its port",
        "input-image": "An image can be decoded",
        "input-audio": "Sound for a decoded port is a WAV of the port's rate",
        "input-array": "An array comes as .npy, or written out as JSON",
    },
    "Settings and commands": {
        "config-syntax": "pyproject.toml is TOML",
        "config-unknown": "Settings are spelled as they are documented",
        "setting-value": "A setting has one of its values",
        "init-name": "A project's name is one that packages may have",
        "init-there": "A new project is not written over files that are there",
        "notebook-file": "A notebook's cell becomes a module of its own",
        "compile-there": "A compiled dag is not written over other files",
        "age": "An age is a number and a unit: 7d, 12h, 30m",
        "no-folder": "The working directory is there",
        "no-run": "The run that is asked for is recorded in this state folder",
        "not-up": "A dag that is submitted to is up",
        "other-version": "A dag is up as the version that is submitted to",
        "no-plan": "A plan that is compared is there",
        "plan-format": "A plan is read by a release that knows its format",
        "no-record": "A record holds a plan",
        "no-node": "A node is one of the dag",
        "no-item": "An item is one of those that a mapped node takes",
        "other-dag": "A step takes its inputs from a run of its own dag",
        "not-recorded": "What a step takes was recorded in the run",
        "record-changed": "What a run recorded is still what the dag declares",
        "no-server-log": "Only runs on Triton have a server's log",
        "no-code": "A code is one of those that errors carry",
        "record-format": "A record is read by a release that knows its format",
        "record-taken": "A run has a folder of its own",
    },
    "Plans that are refused": {
        "unknown-platform": "A platform is one of the catalogue",
        "slice-unknown": "A slice that is asked for by name is one that the platform has",
        "slice-too-small": "gpu_memory= fits on the slice that is asked for",
        "no-slice": "gpu_memory= fits on one slice of the platform",
        "model-outside": "A model file lies below the import root",
        "model-missing": "A model file is there",
        "no-backend": "A model file's format has a backend on the target",
        "no-output": "A model has outputs",
        "no-cache": "Results are kept across runs on this machine only",
        "whole-branch": "A step of a branch takes items one by one, or all at once",
    },
    "The machine": {
        "disk": "The disk has room",
        "disk-full": "The disk has room for runs and results",
        "disk-refused": "The folders of runs and results can be written",
        "record-write": "A run's folder can be written",
        "log-unfit": "The engine's log lies on a disk of this machine, as this release writes it",
        "log-full": "The engine's log has room",
        "replaced": "Replicas of the orchestrator have names of their own",
        "shared-memory": "Shared memory has room for the server",
        "ports-exhausted": "Some ports of this machine are free",
        "port-taken": "A port that is asked for is free",
        "secret-missing": "Every secret that a dag names has a value: in the environment, or in .env at the import root",
        "env-file": ".env can be read",
        "extra-onnx": "ONNX models need the extra onnx",
        "extra-remote": "Remote steps need the extra remote",
        "triton-platform": "Triton runs on Linux, x86_64 or aarch64",
        "triton-glibc": "Triton needs glibc 2.35 or newer",
        "triton-kernel": "Triton is watched through process descriptors: Linux 5.3 or newer",
        "triton-server": "Triton comes with the extra triton",
        "triton-client": "Triton's client comes with the extra triton",
        "triton-python": "Triton has a stub for the running Python",
        "triton-libpython": "Triton's stubs load the shared library of Python",
        "triton-python3": "Triton's stubs find their packages through the environment's own python3",
        "triton-shared-memory": "Triton needs some shared memory",
        "container-platform": "The runtime container runs on Linux and macOS",
        "container-client": "Triton's client comes with the extra triton",
        "container-engine": "Docker or Podman answers, with Linux containers on this machine",
        "container-packages": "The packages of a project are known, and can be installed in an image",
        "container-image": "The image of the runtime container can be built",
        "container-network": "An engine can make a network that leads nowhere",
        "container-run": "An engine can run the container",
    },
    "Endpoints of remote steps": {
        "remote-address": "The variable in a remote step's URL holds the address of a server",
        "remote-away": "An endpoint lets us in, and has the model",
        "remote-secret": "A secret that is sent as a header is one line of ASCII",
        "remote-tensors": "A remote model takes and gives the tensors of its step",
    },
    "The server and the engine": {
        "model-load": "A model loads",
        "model-crashed": "A model's process survives its work",
        "server-dead": "The server runs",
        "server-start": "The server is ready in time",
        "server-stopped": "A server is called while it runs",
        "module-shadowed": "A step's module is the project's own, not another one of the same name",
        "step-missing": "A planned step is where the plan says",
        "interrupted": "Somebody pressed Ctrl-C",
        "usage": "Commands and options are those of --help",
        "internal": "Headrace met something it does not expect: its own mistake",
    },
    "Failures of steps": {
        "input": "A step takes the input that it is given",
        "step": "The body of a step returns",
        "output": "A step returns what its port declares",
        "load": "A step can be imported and set up",
        "environment": "The machine has what a step needs",
        "timeout": "A step ends within its timeout, and a run within its deadline",
        "unavailable": "A server is there to execute a step",
        "cancelled": "A task is not stopped before it ends",
        "crashed": "A task leaves the worker alive that executes it",
    },
}
"""Codes with their titles, by what they are about."""

OTHER_TITLES: Mapping[str, str] = MappingProxyType(
    {code: title for group in OTHER_GROUPS.values() for code, title in group.items()}
)

GROUP_OF: Mapping[str, str] = MappingProxyType(
    {code: group for group, titles in OTHER_GROUPS.items() for code in titles}
)
"""What each code is about."""

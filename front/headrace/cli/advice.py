"""What to do about the codes of ``codes.py`` where the title is not enough: a paragraph for each. Codes that explain themselves have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ADVICE: Final[Mapping[str, str]] = {
    # Finding a dag
    "no-module": "A dag is named by its file (`dag.py:lecture`) or by its module (`shop.dags:lecture`). A module is looked for in the "
    "working directory first, and then where Python looks.",
    "import-failed": "The file was run as Python runs an import, and raised. The lines above the message are the traceback, cut to your own "
    "code; names start from the import root, the folder of the nearest pyproject.toml. Run `python FILE` for the whole traceback.",
    "no-dag": "A dag is a function decorated with `@hr.dag` at the top level of the file. One that is imported from elsewhere counts for "
    "the file that declares it.",
    "several-dags": "Write the name behind a colon, as in `headrace run shop.py:invoice`.",
    # Inputs
    "input-shape": "Write `--input title=Evening` for a value and `--input picture=@sunset.png` for a file. Quote a value with spaces.",
    "input-missing": "`headrace graph` shows the inputs of a dag. Those with a default may be left out.",
    "input-twice": "Only an input that is `hr.Many[...]` takes several values: give `--input` once for each, or `@FOLDER/` for all files in it.",
    "input-file": "A path starts from the working directory, not from the file of the dag. Write the `@` in front of it: without, the path "
    "itself would be the value.",
    "input-media": "The first bytes of the file say another medium than the port declares. Convert the file, or declare the port as what "
    "it is; `hr.Blob` takes any file.",
    "input-damaged": "The file begins as such a medium does, but its header is cut short or contradicts itself. Mostly a download or a "
    "recording that did not end: get the file again.",
    "input-text": "The file or value has bytes that are not UTF-8. Convert it: `iconv -f latin1 -t utf-8 in.txt > out.txt`.",
    "input-value": 'A value is read as JSON where its port is no text: `--input size=3`, `--input tags=\'["a", "b"]\'`, or `@FILE` '
    "with the JSON in it.",
    "input-image": "A port that is `hr.Image` is given a file, which Pillow decodes before the run. Convert what Pillow does not know to "
    "PNG, or declare a handle and decode it in a step.",
    "input-audio": "A port that is `hr.Audio` is given a WAV of the port's own rate, 16 kHz mono unless it says another; nothing is resampled "
    "in silence. `ffmpeg -i in.mp3 -ar 16000 -ac 1 out.wav` makes one.",
    "input-array": "Save it with `numpy.save` as .npy, with the element type and the axes of the port, or write short ones as JSON: "
    "`--input vector='[0.1, 0.2]'`.",
    # Settings and commands
    "config-unknown": "`headrace config` lists every setting, its value, and where that comes from.",
    "setting-value": "The message says who gave the value: a flag, a HEADRACE_ variable, or pyproject.toml; the strongest wins in this "
    "order. `headrace config` shows what holds.",
    "compile-there": "A folder that an earlier compile wrote is written again; any other is spared. Name a new one with -o.",
    "not-up": "`headrace up FILE` serves a dag and executes what is submitted to it; it runs until Ctrl-C, in a terminal of its own. Both "
    "must mean one state folder: run them in one project, or give both the same `--state`.",
    "other-version": "The code has changed since `headrace up` began to serve it. End it with Ctrl-C and start it again; runs that wait go "
    "on under the version that they were submitted to, as far as its segments are unchanged.",
    "no-run": "`headrace logs` and `headrace report` without a run take the newest. A run is named by the beginning of its id; the runs of "
    "another project lie in its own state folder (`--state`).",
    "other-dag": "`--step` runs one node on what an earlier run of the same dag recorded. Name such a run with `--from`; "
    "`headrace logs RUN` says which dag a run was of.",
    "not-recorded": "The run ended before the steps in front of this one had given their values, or an older dag had no such step. Name a "
    "run that came further, or run the dag again.",
    "record-changed": "A step was changed since the run, so that what was recorded is not what it takes today. Run the dag again.",
    "no-record": "The folder of the run is there, but the run ended before it wrote its plan, or files were removed. Run it again; "
    "`headrace clean` removes what is left.",
    "record-format": "The record was written by another release. Read it with that one, or run the dag again.",
    "log-unfit": "The log is a file that several processes write: it needs a local disk with working locks, and sockets beside it. The "
    "message says what is wrong with the place, or with what lies there.",
    "log-full": "What was accepted is kept, and what comes now is refused until there is room again; nothing is lost by that.",
    "replaced": "A replica that is given a name takes the place of the one before it by that name, so that a restart costs no time. Two "
    "that run at once need two names; without names they share the work.",
    # Plans that are refused
    "unknown-platform": "A platform says which GPUs and slices there are. Choose one of those that the message lists, or `plain`.",
    "slice-unknown": "Slices are named as the platform names them, e.g. `1g.10gb`. Leave `slice=` out, and the smallest that holds "
    "`gpu_memory=` is taken.",
    "slice-too-small": "Ask for less memory, or for a larger slice; or leave `slice=` out, and one that fits is taken.",
    "no-slice": "One instance of a step runs on one slice. Make the model smaller (another precision, a smaller variant), choose another "
    "platform, or serve it elsewhere.",
    "model-outside": "What is served is shipped from the import root, the folder of the nearest pyproject.toml. Put the model file below it, "
    "or into an installed package.",
    "no-backend": "The server on this machine runs code and ONNX models. Export the model as ONNX and declare it with `hr.onnx`, or let a "
    "server that runs it be called by `hr.remote`; `headrace plan --target kubernetes` plans it for a cluster.",
    "model-missing": "The path of a model file starts from the import root. A file that is downloaded or built must be there before "
    "the dag is planned.",
    "no-cache": "A cluster keeps no results between runs yet. Leave out cache=True where the dag is planned for one.",
    "no-output": "A server answers with a value. Let the step return what it did, if only a bool.",
    # The machine
    "disk-full": "`headrace clean` removes old runs and their objects. Runs lie in the state folder (`--state`, HEADRACE_STATE), results in "
    "the folder of `--out`.",
    "disk-refused": "The folder belongs to somebody else, or its disk is read-only. Allow writing there, or name another with `--state`, "
    "HEADRACE_STATE or `--out`.",
    "shared-memory": "Triton hands tensors to Python steps through /dev/shm. Free some of it, or make it larger: "
    "`mount -o remount,size=1G /dev/shm`; in a container `--shm-size=1g`; in a pod an emptyDir of medium Memory; "
    "for the runtime container with the setting container_shm.",
    "ports-exhausted": "All ports that the system hands out are in use. End what holds them, or widen the range "
    "`net.ipv4.ip_local_port_range`.",
    "port-taken": "Another process listens on the port, perhaps a server of an earlier run. End it, or ask for another port, or for "
    "any free one.",
    "secret-missing": "Put the value into the environment, or as a line NAME=value into .env beside pyproject.toml, which is not committed. "
    "`headrace doctor FILE` says which secrets of a file have no value.",
    "extra-remote": "Run `pip install 'headrace[remote]'` in the environment that headrace runs in.",
    "extra-onnx": "Run `pip install 'headrace[onnx]'` in the environment that headrace runs in.",
    "triton-platform": "The server that pip installs runs on Linux only. Elsewhere `--runtime container` runs it in Docker or Podman, and "
    "`--runtime inprocess` runs the same dag without a server.",
    "triton-glibc": "Debian 12, Ubuntu 22.04 and RHEL 10 are new enough. On an older system use `--runtime container`, or "
    "`--runtime inprocess`.",
    "triton-kernel": "Without process descriptors the death of a model's process could not be seen. Use a newer kernel, or "
    "`--runtime inprocess`.",
    "triton-server": "Run `pip install 'headrace[triton]'` in the environment that headrace runs in, or use `--runtime inprocess`.",
    "triton-client": "Run `pip install 'headrace[triton]'` in the environment that headrace runs in.",
    "triton-python": "The server starts Python steps through a program that is built for each minor version of Python. Make the environment "
    "with one of the versions that the message lists.",
    "triton-libpython": "The program that runs Python steps loads libpython as a shared library, which some Pythons are built without. "
    "Install it (Debian: `apt-get install libpython3.11`), or use a Python built with `--enable-shared`.",
    "triton-python3": "Python steps find their packages through the `python3` beside the running interpreter. Make a virtual environment "
    "and run headrace from it.",
    "triton-shared-memory": "Free some of /dev/shm, or make it larger; in a container with `--shm-size=1g`.",
    "container-platform": "On Windows work inside WSL2 (`wsl --install`): that is Linux, and the runtime triton runs there.",
    "container-client": "Run `pip install 'headrace[triton]'` in the environment that headrace runs in; on a Mac it holds the client alone.",
    "container-engine": "One of Docker and Podman is enough. Where it is not installed, not started, or not open to you, the message says "
    "so with what to do; `headrace doctor` looks at both. HEADRACE_CONTAINER_ENGINE=podman asks for one of them.",
    "container-packages": "The image installs what uv.lock, requirements.txt or pyproject.toml names, from an index. A package outside the "
    "project has to be there as a wheel: build a base image with it, and set container_base.",
    "container-image": "The message ends with the last lines of the build. Mostly the base image or a package cannot be had: see that the "
    "network leads to the registry and the index, or set container_base to an image that is there. The python backend of Triton needs "
    "`numpy<2`, and Python 3.11 or 3.12.",
    "container-network": "By default nothing leads out of the container. Where the engine cannot make such a network, allow the ordinary "
    "one: HEADRACE_CONTAINER_NETWORK=open.",
    "container-run": "The engine refused the container, and the message has its words: often a limit that it cannot set, or a folder that "
    "its virtual machine does not share. `headrace logs --server` has more.",
    # The server and the engine
    "model-load": "The import or the `setup` of a step raised on the server; the message carries its reason and your lines. "
    "`headrace run --runtime inprocess` shows the same without a server; `headrace logs --server` has what the model printed.",
    "model-crashed": "The process of a step died while it worked: a fault in a native library, or the system took it when memory ran out. "
    "The server's log (`headrace logs --server`) has its last words, the kernel's log (`dmesg`) whether it was out of memory.",
    "server-dead": "The server ended while the run was on. Its log says why: `headrace logs --server`.",
    "server-start": "A model was still loading when the time was over; the message names it. Let `setup` do less, or allow more time.",
    "server-stopped": "A call came after the server was stopped. Start another one.",
    "module-shadowed": "Two modules of one name cannot be imported in one process. Rename yours, or run it in a process of its own.",
    "step-missing": "The plan names a step that its module no longer holds: the code is not the one that was planned. Plan or compile again.",
    "internal": "The whole traceback lies in the file that the message names. Please report it with that file; the run's state is as it was.",
    # Endpoints of remote steps
    "remote-address": "The URL of a remote step begins with a variable, `${NAME}`. Put what comes before `/v2` into the environment, or as "
    "a line NAME=https://host into .env beside pyproject.toml.",
    "remote-away": "A run asks every endpoint at its start what its model takes, and ends where it is not let in or the model is not there. "
    "A server that does not answer, is busy or broken is asked again when the step is called.",
    "remote-secret": "A token or key is sent as a header of a request, which is one line of ASCII. Perhaps the value has a line break at "
    "its end, or is another one.",
    "remote-tensors": "The endpoint says what its model takes and gives: names, datatypes, sizes. Give the ports of the step the same, or map "
    'names with `inputs={"port": "TENSOR"}` and `outputs={"result": "TENSOR"}`; a model that takes batches is declared with `size=`.',
    # Failures of steps
    "input": "The step raised `hr.InputError`: it says that what it was given is at fault, not its code. The message names the port and "
    "the value it got; give another input.",
    "step": "The body raised, or its process died on this task alone. The traceback is cut to your own lines. "
    "`headrace run --step NODE --from RUN --pdb` runs the step again on what was recorded, with a debugger at the failure; "
    "`step.with_(retry=2)` tries again what fails by chance.",
    "output": "A port says what travels, and what the body returned is something else. Return that, or declare the port as what it is.",
    "load": "The import of the step's module or its `setup` raised where it is served. `headrace run --runtime inprocess` shows the same "
    "without a server; `headrace logs --server` has what the model printed.",
    "environment": "The disk or the shared memory is full, or a package or a secret is not there. The message holds the code of what is "
    "lacking, which `headrace explain` explains.",
    "timeout": "A step took longer than its `with_(timeout=)`, counted from its start, or the whole run longer than the dag's `deadline=`. "
    "Allow more time, or let the step do less; what a run can do without goes into `hr.optional(value, within=)`.",
    "unavailable": "The server could not be started, or went away; the step is not at fault. `headrace logs --server` has its last words. "
    "Or the endpoint of a remote step was away or busy each time it was tried: the message says what it answered, and "
    "`hr.first(remote(x), local(x))` or `hr.optional(value, within=)` does without it.",
    "crashed": "The worker died each time that it began this task, three times, in the end with nothing else under way: the step takes "
    "more memory than there is, or ends its process. Give it `memory=`, or mend it; the other tasks of the worker were not at fault.",
    "cancelled": "The run was stopped, by Ctrl-C or because its outputs were there already, or its server was ended. Nothing is wrong "
    "with the step.",
}

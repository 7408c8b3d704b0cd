"""The generic model of the python backend: hands requests to the program that lies beside it. Copied into every repository.

Runs inside Triton's stub, which ignores ``PYTHONPATH``: nothing of ours can be imported before the path is extended.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingImports]


class TritonPythonModel:
    """One instance of one member model; Triton finds it by this name."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the program; what the stub prints goes to the server's log line by line."""
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        program = Path(args["model_repository"], args["model_version"], "program.json")
        sys.path[:0] = [folder for folder in json.loads(program.read_bytes())["path"] if folder not in sys.path]
        from headrace_serving.failure import TaskFailed
        from headrace_serving.failure_text import to_text
        from headrace_serving.runner import Runner

        try:
            self._runner = Runner.of(program)
        except TaskFailed as failed:
            raise RuntimeError(to_text(failed.failure)) from None

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Run the requests that Triton hands over together."""
        from headrace_serving.runner import Request
        from headrace_serving.tensors import Tensor

        taken = [
            Request(request.request_id(), {tensor.name(): Tensor(tensor.as_numpy()) for tensor in request.inputs()})
            for request in requests
        ]
        return [_response(answer) for answer in self._runner.run(taken)]


def _response(answer: Any) -> Any:
    from headrace_serving.failure import TaskFailure
    from headrace_serving.failure_text import to_text

    if isinstance(answer, TaskFailure):
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(to_text(answer)))
    return pb_utils.InferenceResponse([pb_utils.Tensor(name, tensor.array) for name, tensor in answer.items()])

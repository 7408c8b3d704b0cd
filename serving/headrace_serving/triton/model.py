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
        from headrace_serving.failure import TaskFailed, TaskFailure
        from headrace_serving.failure_text import to_text
        from headrace_serving.runner import Request, Runner
        from headrace_serving.tensors import Tensor

        # Kept, because looking imports up again costs as much as a small body.
        self._request, self._tensor, self._failure, self._to_text = Request, Tensor, TaskFailure, to_text
        try:
            self._runner = Runner.of(program)
        except TaskFailed as failed:
            raise RuntimeError(to_text(failed.failure)) from None

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Run the requests that Triton hands over together."""
        taken = [
            self._request(
                request.request_id(), {tensor.name(): self._tensor(tensor.as_numpy()) for tensor in request.inputs()}
            )
            for request in requests
        ]
        return [self._response(answer) for answer in self._runner.run(taken)]

    def _response(self, answer: Any) -> Any:
        if isinstance(answer, self._failure):
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(self._to_text(answer)))
        return pb_utils.InferenceResponse([pb_utils.Tensor(name, tensor.array) for name, tensor in answer.items()])

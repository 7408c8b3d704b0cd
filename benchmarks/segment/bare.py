"""The floors: Triton python models written by hand, as somebody would without Headrace."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

BODY = """import time

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        responses = []
        for request in requests:
            text = pb_utils.get_input_tensor_by_name(request, "text").as_numpy()[0, 0].decode()
            {work}
            out = pb_utils.Tensor("result", np.array([[text.encode()]], dtype=np.object_))
            responses.append(pb_utils.InferenceResponse(output_tensors=[out]))
        return responses
"""

MODELS = {"bare": "", "bare_slow": "time.sleep(0.020)", "bare_first": "", "bare_second": ""}
ENSEMBLE = "bare_ensemble"


def write(repository: Path) -> tuple[str, ...]:
    """Write the hand-made models; gives their names."""
    for name, work in MODELS.items():
        version = repository / name / "1"
        version.mkdir(parents=True)
        (version / "model.py").write_text(BODY.format(work=work))
        (repository / name / "config.pbtxt").write_text(text_format.MessageToString(config(name)))
    (repository / ENSEMBLE / "1").mkdir(parents=True)
    (repository / ENSEMBLE / "1" / "placeholder").write_text("An ensemble has no file of its own.\n")
    (repository / ENSEMBLE / "config.pbtxt").write_text(text_format.MessageToString(ensemble()))
    return (*MODELS, ENSEMBLE)


def config(name: str) -> triton.ModelConfig:
    """One text in, one text out, no batching."""
    return triton.ModelConfig(
        name=name,
        backend="python",
        max_batch_size=0,
        input=[triton.ModelInput(name="text", data_type=triton.TYPE_STRING, dims=[-1, 1])],
        output=[triton.ModelOutput(name="result", data_type=triton.TYPE_STRING, dims=[-1, 1])],
        instance_group=[triton.ModelInstanceGroup(kind=triton.ModelInstanceGroup.KIND_CPU, count=1)],
    )


def ensemble() -> triton.ModelConfig:
    """Two of the hand-made models, one after the other."""
    made = triton.ModelConfig(name=ENSEMBLE, platform="ensemble", max_batch_size=0)
    made.input.add(name="text", data_type=triton.TYPE_STRING, dims=[-1, 1])
    made.output.add(name="result", data_type=triton.TYPE_STRING, dims=[-1, 1])
    for model, taken, given in (("bare_first", "text", "between"), ("bare_second", "between", "result")):
        step = made.ensemble_scheduling.step.add(model_name=model, model_version=-1)
        step.input_map["text"], step.output_map["result"] = taken, given
    return made

"""Configurations of Triton models as Triton's own message: of one member, and of the ensemble that joins several. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from headrace_dags.plan.model import Flow
from headrace_serving.mapper.program import MapperProgram
from headrace_serving.program import Program
from headrace_serving.tensors import DATATYPES
from headrace_serving.triton.ensembles import Ensemble

_messages: Any = model_config_pb2


def member_config(program: Program, instances: int) -> Any:
    """The configuration of a model that runs nodes in the python backend.

    Without batching the items are an ordinary axis that may be empty; with it they are Triton's batch axis, which the
    configuration leaves out.

    Args:
        program: what the model runs.
        instances: how many processes serve it.
    """
    config = _messages.ModelConfig(name=program.name, backend="python")
    config.max_batch_size = program.batching.size if program.batching else 0
    config.model_transaction_policy.decoupled = program.stream is not None
    for flow in program.inputs:
        config.input.add(name=flow.name, data_type=_data_type(flow), dims=_dims(flow, batched=bool(program.batching)))
    for flow in program.outputs:
        config.output.add(name=flow.name, data_type=_data_type(flow), dims=_dims(flow, batched=bool(program.batching)))
    # The parts of a stream must all reach the process that makes its items.
    config.instance_group.add(count=1 if program.stream else instances, kind=_messages.ModelInstanceGroup.KIND_CPU)
    if program.batching:
        config.dynamic_batching.SetInParent()
        config.dynamic_batching.max_queue_delay_microseconds = program.batching.wait_us
    if can_warm_up(program):
        _add_warm_up(config, program)
    return config


def mapper_config(program: MapperProgram, instances: int) -> Any:
    """The configuration of a mapper: a model of the python backend like any other, whose answers come in any order.

    Args:
        program: what it runs and calls.
        instances: how many processes serve it.
    """
    config = _messages.ModelConfig(name=program.name, backend="python")
    _add_border(config, program.inputs, program.outputs)
    config.instance_group.add(count=instances, kind=_messages.ModelInstanceGroup.KIND_CPU)
    return config


def ensemble_config(ensemble: Ensemble) -> Any:
    """The configuration of an ensemble; tensors bear the names of their flows throughout."""
    config = _messages.ModelConfig(name=ensemble.name, platform="ensemble", max_batch_size=0)
    _add_border(config, ensemble.inputs, ensemble.outputs)
    for model, station in ensemble.stations:
        step = config.ensemble_scheduling.step.add(model_name=model, model_version=-1)
        step.input_map.update({flow.name: flow.name for flow in station.inputs})
        step.output_map.update({flow.name: flow.name for flow in station.outputs})
    return config


def _add_border(config: Any, inputs: Iterable[Flow], outputs: Iterable[Flow]) -> None:
    """The tensors of a model whose items are an ordinary axis."""
    for flow in inputs:
        config.input.add(name=flow.name, data_type=_data_type(flow), dims=_dims(flow, batched=False))
    for flow in outputs:
        config.output.add(name=flow.name, data_type=_data_type(flow), dims=_dims(flow, batched=False))


def config_text(config: Any) -> str:
    """The text of a ``config.pbtxt``."""
    return str(text_format.MessageToString(config))


def can_warm_up(program: Program) -> bool:
    """Whether zeros are good input.

    They are for model files, which compute on any tensor of the right sizes. A function's body may object to an image
    without content, and a text or a handle cannot be made from its type; such models are only asked whether they answer.
    """
    fixed = all(flow.wire == "tensor" and min(flow.type.sizes, default=1) > 0 for flow in program.inputs)
    return fixed and all(node.step.form == "onnx" for node in program.nodes)


def _add_warm_up(config: Any, program: Program) -> None:
    """One inference of zeros before the model counts as loaded; a batched one also at its full size."""
    for size in sorted({1, program.batching.size if program.batching else 1}):
        sample = config.model_warmup.add(name=f"zeros-{size}", batch_size=size, count=1)
        for flow in program.inputs:
            tensor = sample.inputs[flow.name]
            tensor.data_type, tensor.zero_data = _data_type(flow), True
            tensor.dims.extend(flow.type.sizes if program.batching else (1, *flow.type.sizes))


def _data_type(flow: Flow) -> Any:
    name = DATATYPES[flow.type.dtype] if flow.wire == "tensor" else "STRING"
    return _messages.DataType.Value(f"TYPE_{name}")


def _dims(flow: Flow, *, batched: bool) -> tuple[int, ...]:
    item = flow.type.sizes if flow.wire == "tensor" else (1,)
    return item if batched else (-1, *item)

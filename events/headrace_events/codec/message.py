"""Named parts and one head in a message of the Open Inference Protocol v2: ``ModelInferRequest`` or ``ModelInferResponse``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import DecodeError
from tritonclient.grpc import service_pb2

from headrace_events.codec.headers import Undecodable
from headrace_events.codec.parts import Part

_messages: Any = service_pb2

HEAD = "headrace"
"""The parameter that holds, as JSON, what the protocol has no place for."""


def request(model: str, request_id: str, head: str, parts: Mapping[str, Part]) -> bytes:
    """A message that asks for something: the parts are its inputs."""
    message = _messages.ModelInferRequest(model_name=model, id=request_id)
    message.parameters[HEAD].string_param = head
    for name, part in parts.items():
        message.inputs.add(name=name, datatype=part.datatype, shape=part.shape)
        message.raw_input_contents.append(part.raw)
    return bytes(message.SerializeToString())


def response(model: str, request_id: str, head: str, parts: Mapping[str, Part]) -> bytes:
    """A message that answers: the parts are its outputs."""
    message = _messages.ModelInferResponse(model_name=model, id=request_id)
    message.parameters[HEAD].string_param = head
    for name, part in parts.items():
        message.outputs.add(name=name, datatype=part.datatype, shape=part.shape)
        message.raw_output_contents.append(part.raw)
    return bytes(message.SerializeToString())


def read_request(value: bytes) -> tuple[str, dict[str, Part]]:
    """The head and the parts of a request.

    Raises:
        Undecodable: it is none of ours.
    """
    message = _parsed(_messages.ModelInferRequest(), value)
    return message.parameters[HEAD].string_param, _parts(message.inputs, message.raw_input_contents)


def read_response(value: bytes) -> tuple[str, dict[str, Part]]:
    """The head and the parts of a response.

    Raises:
        Undecodable: it is none of ours.
    """
    message = _parsed(_messages.ModelInferResponse(), value)
    return message.parameters[HEAD].string_param, _parts(message.outputs, message.raw_output_contents)


def _parsed(message: Any, value: bytes) -> Any:
    try:
        message.ParseFromString(value)
    except DecodeError as error:
        raise Undecodable(f"expects a message of the Open Inference Protocol, got {len(value)} other bytes") from error
    if HEAD not in message.parameters:
        raise Undecodable(f"expects a parameter {HEAD} in the message, got none")
    return message


def _parts(tensors: Any, contents: Any) -> dict[str, Part]:
    if len(tensors) != len(contents):
        raise Undecodable(f"expects raw contents of {len(tensors)} tensors, got {len(contents)}")
    found = {
        each.name: Part(each.datatype, tuple(each.shape), raw) for each, raw in zip(tensors, contents, strict=True)
    }
    if len(found) != len(tensors) or any(not part.shape or min(part.shape) < 0 for part in found.values()):
        raise Undecodable("expects tensors with names of their own and items on the first axis")
    return found

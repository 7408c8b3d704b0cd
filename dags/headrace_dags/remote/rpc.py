"""The Open Inference Protocol v2 over gRPC, through the messages of tritonclient. Loaded only where such an endpoint is called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from headrace_dags.remote.address import Address
from headrace_dags.remote.contents import Array, datatype_of, from_raw, of_items, of_numbers, to_raw
from headrace_dags.remote.contract import Limits, ModelSpec, Tensors, TensorSpec
from headrace_dags.remote.failing import EndpointFailed, Kind
from headrace_dags.running.waiting import ended_by

_messages: Any = service_pb2
_services: Any = service_pb2_grpc
_code = grpc.StatusCode

_TOO_LARGE = re.compile(r"(received|decompressed) message larger than max", re.IGNORECASE)
"""What gRPC's own client says of an answer above the limit, under the code that servers use for "busy"."""
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""What TLS says of a certificate that is not valid, which no other code of gRPC tells."""
_KINDS: Mapping[grpc.StatusCode, Kind] = {
    _code.UNAVAILABLE: "unavailable",
    _code.RESOURCE_EXHAUSTED: "unavailable",
    _code.ABORTED: "unavailable",
    _code.CANCELLED: "unavailable",
    _code.DEADLINE_EXCEEDED: "timeout",
    _code.UNAUTHENTICATED: "environment",
    _code.PERMISSION_DENIED: "environment",
    _code.INVALID_ARGUMENT: "input",
    _code.FAILED_PRECONDITION: "input",
    _code.OUT_OF_RANGE: "input",
    _code.NOT_FOUND: "load",
    _code.UNIMPLEMENTED: "load",
}
_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


class RpcEndpoint:
    """A model of a server that speaks gRPC.

    Args:
        address: which model.
        headers: sent as metadata with every call.
        limits: of each call.
    """

    def __init__(self, address: Address, headers: Mapping[str, str], limits: Limits) -> None:
        options = (
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", limits.most_bytes),
            ("grpc.max_reconnect_backoff_ms", 1000),  # who tries again does so in time
        )
        channel: Any = (
            grpc.secure_channel(address.server, grpc.ssl_channel_credentials(), options=options)
            if address.scheme == "grpcs"
            else grpc.insecure_channel(address.server, options=options)
        )
        self._stub: Any = _services.GRPCInferenceServiceStub(channel)
        self._address, self._limits = address, limits
        self._metadata = tuple((name.lower(), value) for name, value in headers.items())

    def spec(self) -> ModelSpec:
        """What the server says of the model; see the contract."""
        request = _messages.ModelMetadataRequest(name=self._address.model, version=self._address.version)
        found = self._called(self._stub.ModelMetadata, request, self._limits.of_questions.timeout_s)
        try:
            return ModelSpec(_specs(found.inputs), _specs(found.outputs))
        except ValueError as error:
            raise EndpointFailed("output", f"{self._address}: expects metadata of the protocol, got {error}") from None

    def infer(self, inputs: Tensors, wanted: Sequence[str]) -> Tensors:
        """Call the model once; see the contract."""
        answer = self._called(self._stub.ModelInfer, _request(self._address, inputs, wanted), self._limits.timeout_s)
        try:
            raw = list(answer.raw_output_contents) or [None] * len(answer.outputs)
            return {each.name: _array(each, content) for each, content in zip(answer.outputs, raw, strict=True)}
        except (ValueError, KeyError, OverflowError) as error:
            raise EndpointFailed("output", f"{self._address}: expects outputs of the protocol, got {error}") from None

    def _called(self, method: Any, request: Any, timeout_s: float) -> Any:
        call = method.future(request, timeout=timeout_s, metadata=self._metadata)
        try:
            with ended_by(call.cancel):
                return call.result()
        except grpc.RpcError as error:
            raise self._failed(error) from None
        except grpc.FutureCancelledError:  # by us: nobody waits
            raise EndpointFailed("unavailable", f"{self._address}: given up") from None

    def _failed(self, error: Any) -> EndpointFailed:
        code: grpc.StatusCode = error.code()
        details = str(error.details())
        if code is _code.RESOURCE_EXHAUSTED and _TOO_LARGE.search(details):
            text = (
                f"{self._address}: expects an answer of at most {self._limits.most_bytes} bytes (max_answer), got more"
            )
            return EndpointFailed("output", text)
        kind = "environment" if _UNTRUSTED in details else _KINDS.get(code, "step")
        return EndpointFailed(kind, f"{self._address} answered {code.name}: {details}")


def _specs(listed: Any) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(each.name, each.datatype, tuple(each.shape)) for each in listed)


def _request(address: Address, inputs: Tensors, wanted: Sequence[str]) -> Any:
    request = _messages.ModelInferRequest(model_name=address.model, model_version=address.version)
    for name, array in inputs.items():
        request.inputs.add(name=name, datatype=datatype_of(array), shape=array.shape)
        request.raw_input_contents.append(to_raw(array))
    for name in wanted:
        request.outputs.add(name=name)
    return request


def _array(output: Any, content: bytes | None) -> Array:
    """An output, whose elements are behind the message or, of servers that know no raw contents, in it."""
    if content is not None:
        return from_raw(output.datatype, output.shape, content)
    elements = getattr(output.contents, _CONTENTS[output.datatype])
    if output.datatype == "BYTES":
        return of_items(list(elements), output.shape)
    return of_numbers(output.datatype, output.shape, elements)

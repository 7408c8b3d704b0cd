"""The Open Inference Protocol v2 over REST: tensors as JSON, or behind it as bytes where the server says that it knows that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from headrace_dags.remote.address import Address
from headrace_dags.remote.contents import Array, datatype_of, from_raw, items_of, of_items, of_numbers, to_raw
from headrace_dags.remote.contract import ModelSpec, Tensors, TensorSpec
from headrace_dags.remote.failing import EndpointFailed
from headrace_dags.remote.http import Answer, Http, parsed

_LENGTH = "Inference-Header-Content-Length"
_BINARY = "binary_tensor_data"


class RestEndpoint:
    """A model behind ``<base>/v2``.

    Args:
        http: the connection.
        address: which model.
    """

    def __init__(self, http: Http, address: Address) -> None:
        self._http = http
        version = f"/versions/{quote(address.version, safe='')}" if address.version else ""
        self._path = f"/v2/models/{quote(address.model, safe='')}{version}"
        self._binary: bool | None = None

    def spec(self) -> ModelSpec:
        """What the server says of the model; see the contract."""
        answer = self._http.get(self._path)
        try:
            found = parsed(answer.content)
            return ModelSpec(_specs(found.get("inputs", ())), _specs(found.get("outputs", ())))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._odd("metadata", error) from None

    def infer(self, inputs: Tensors, wanted: Sequence[str]) -> Tensors:
        """Call the model once; see the contract."""
        if self._binary is None:
            self._binary = self._knows_binary()
        content, headers = request(inputs, wanted, binary=self._binary)
        answer = self._http.post(f"{self._path}/infer", content, headers)
        try:
            return outputs(answer)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise self._odd("outputs", error) from None

    def _odd(self, what: str, error: Exception) -> EndpointFailed:
        got = f"{type(error).__name__}: {error}"
        text = f"{self._http.base}{self._path}: expects {what} of the Open Inference Protocol, got {got}"
        return EndpointFailed("output", text)

    def _knows_binary(self) -> bool:
        """Whether the server lists the extension; one that does not answer the question does not."""
        answer = self._http.ask("/v2")
        try:
            return answer.is_good and _BINARY in parsed(answer.content)["extensions"]
        except (ValueError, KeyError, TypeError):
            return False


def _specs(listed: Any) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(str(each["name"]), each["datatype"], tuple(map(int, each["shape"]))) for each in listed)


def request(inputs: Tensors, wanted: Sequence[str], *, binary: bool) -> tuple[bytes, Mapping[str, str]]:
    """The body of a request and its headers.

    Raises:
        EndpointFailed: a tensor has no form in JSON (``load``).
    """
    asked = {"outputs": [{"name": name, "parameters": {"binary_data": binary}} for name in wanted]} if wanted else {}
    if not binary:
        tensors = [_described(name, array) | {"data": _listed(name, array)} for name, array in inputs.items()]
        plain = {"outputs": [{"name": name} for name in wanted]} if wanted else {}
        return json.dumps({"inputs": tensors, **plain}).encode(), {"Content-Type": "application/json"}
    parts = [to_raw(array) for array in inputs.values()]
    tensors = [
        _described(name, array) | {"parameters": {"binary_data_size": len(part)}}
        for (name, array), part in zip(inputs.items(), parts, strict=True)
    ]
    head = json.dumps({"inputs": tensors, **asked, "parameters": {"binary_data_output": True}}).encode()
    headers = {"Content-Type": "application/octet-stream", _LENGTH: str(len(head))}
    return b"".join((head, *parts)), headers


def _described(name: str, array: Array) -> dict[str, Any]:
    return {"name": name, "shape": list(array.shape), "datatype": datatype_of(array)}


def _listed(name: str, array: Array) -> list[Any]:
    if array.dtype == np.float16:
        raise EndpointFailed("load", f"{name}: float16 has no form in JSON, and the server knows no binary tensors")
    if array.dtype.kind != "O":
        return list(array.reshape(-1).tolist())
    try:
        return [item.decode() for item in items_of(array)]
    except UnicodeDecodeError:
        text = f"{name}: media have no form in JSON, and the server knows no binary tensors"
        raise EndpointFailed("load", text) from None


def outputs(answer: Answer) -> Mapping[str, Array]:
    """The tensors of an answer by name.

    Raises:
        ValueError, KeyError, TypeError, AttributeError, OverflowError: it is no answer of the protocol.
    """
    content, length = answer.content, answer.headers.get(_LENGTH.lower())
    head = len(content) if length is None else int(length)
    if not 0 <= head <= len(content):
        raise ValueError(f"{_LENGTH} of {head} in {len(content)} bytes")
    found: dict[str, Array] = {}
    rest = memoryview(content)[head:]
    for each in parsed(content[:head])["outputs"]:
        if each["name"] in found:
            raise ValueError(f"{each['name']} twice")
        size = each.get("parameters", {}).get("binary_data_size")
        if size is None:
            found[each["name"]] = _array(each["datatype"], each["shape"], each["data"])
            continue
        if not 0 <= size <= len(rest):
            raise ValueError(f"{size} bytes of {each['name']} where {len(rest)} are left")
        found[each["name"]], rest = from_raw(each["datatype"], each["shape"], bytes(rest[:size])), rest[size:]
    if rest:
        raise ValueError(f"{len(rest)} bytes too many")
    return found


def _array(datatype: str, shape: Sequence[int], data: Sequence[Any]) -> Array:
    if datatype != "BYTES":
        return of_numbers(datatype, shape, data)
    flat = np.asarray(data, dtype=np.object_).reshape(-1)
    return of_items([str.encode(item) for item in flat], shape)

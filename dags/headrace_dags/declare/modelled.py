"""References of steps that are model files or endpoints: what their decorators say, judged, and made data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from headrace_dags.declare import sourcelines
from headrace_dags.declare.draft import Draft
from headrace_dags.declare.modelfile import root_of
from headrace_dags.declare.options import StepOptions
from headrace_dags.graph import Port, Remote, SecretRef, StepRef, TensorNames
from headrace_dags.misfit import Misfit
from headrace_dags.rules import models, remotes
from headrace_dags.secrets.secret import Secret


def modelled(draft: Draft, ref: StepRef, fn: FunctionType, written: StepOptions) -> StepRef:
    """The reference of a step that is a model file or an endpoint; what is wrong with it is noted."""
    _look_at_ports(draft, fn, written)
    if written.form == "remote":
        return _remote(draft, ref, written)
    draft.note(models.model_file(written.form, written.model, root_of(fn)))
    if written.form == "tensorrt":
        draft.note(models.gpu_only(written))
    return ref.model_copy(update={"model_file": str(written.model)})


def _look_at_ports(draft: Draft, fn: FunctionType, written: StepOptions) -> None:
    for each in draft.parameters:
        misfit = _port(written.form, each.port, given=False) if each.port else None
        draft.notes.note(misfit, f"{draft.name}.{each.name}", sourcelines.parameter(fn, each.name) if misfit else None)
    for port in draft.outputs.ports:
        draft.note(_port(written.form, port, given=True))


def _port(form: str, port: Port, *, given: bool) -> Misfit | None:
    return remotes.remote_port(port) if form == "remote" else models.model_port(form, port, given=given)


def _tensors(draft: Draft, written: StepOptions) -> TensorNames:
    """The names of tensors; of those that are given wrongly nothing is kept."""
    taken = [each.name for each in draft.parameters]
    given = [port.name for port in draft.outputs.ports]
    found: dict[str, dict[str, str]] = {}
    for option, ports in (("inputs", taken), ("outputs", given)):
        names: Any = written.model_options.get(option, {})
        misfit = remotes.tensor_name(option, names, ports) if ports or not draft.is_open else None
        draft.note(misfit)
        found[option] = dict(names) if misfit is None and isinstance(names, Mapping) else {}
    return TensorNames(**found)


def _remote(draft: Draft, ref: StepRef, written: StepOptions) -> StepRef:
    options = written.model_options
    wrong_url = remotes.remote_url(written.model)
    draft.note(wrong_url, *remotes.remote_headers(options))
    made, wrong = remotes.calling(options)
    draft.note(*wrong)
    secrets = {name: SecretRef(secret=secret.name) for name, secret in _secrets(options)}
    headers: Any = options.get("headers")
    plain = headers if isinstance(headers, Mapping) else {}
    remote = Remote(
        url="" if wrong_url else written.model,
        headers={str(name): value for name, value in plain.items() if isinstance(value, str)},
        tensors=_tensors(draft, written),
        **made,
    )
    return ref.model_copy(update={"remote": remote, "secrets": secrets})


def _secrets(options: Mapping[str, Any]) -> Iterator[tuple[str, Secret]]:
    token, headers = options.get("token"), options.get("headers")
    if isinstance(token, Secret):
        yield "token", token
    if isinstance(headers, Mapping):
        yield from ((f"headers.{name}", value) for name, value in headers.items() if isinstance(value, Secret))

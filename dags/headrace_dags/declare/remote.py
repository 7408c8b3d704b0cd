"""Steps that are endpoints elsewhere: ``@hr.remote``. The function is only a signature; what calls it is in ``remote``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

from headrace_dags.declare.modelfile import DecorateModel
from headrace_dags.declare.options import CALLING, caller_line, written_of_model
from headrace_dags.declare.steps import DecorateBatch, decorated

if TYPE_CHECKING:
    from headrace_dags.secrets.secret import Secret

__all__ = ("remote",)


if TYPE_CHECKING:

    @overload
    def remote(  # each is an option by name
        url: str,
        /,
        *,
        token: Secret | None = None,
        headers: Mapping[str, str | Secret] = ...,
        inputs: Mapping[str, str] = ...,
        outputs: Mapping[str, str] = ...,
        timeout: str = "30s",
        max_answer: str = "64Mi",
        concurrency: int = 8,
    ) -> DecorateModel: ...
    @overload
    def remote(  # each is an option by name
        url: str,
        /,
        *,
        size: int,
        token: Secret | None = None,
        headers: Mapping[str, str | Secret] = ...,
        inputs: Mapping[str, str] = ...,
        outputs: Mapping[str, str] = ...,
        timeout: str = "30s",
        max_answer: str = "64Mi",
        concurrency: int = 8,
    ) -> DecorateBatch: ...
    def remote(url: str, /, **options: Any) -> Any:
        """Make a step of a model behind an endpoint; see the definition below."""
        ...

else:

    def remote(url: Any, /, **options: Any) -> Any:
        """Make a step of a model behind an endpoint that speaks the Open Inference Protocol v2, over HTTP or gRPC.

        The decorated function is its signature: parameters are the model's inputs by name, the return type is its output
        (several outputs: a ``NamedTuple`` with their names).

        Args:
            url: ``https://host/v2/models/name`` or ``grpcs://host:port/v2/models/name`` (``http``, ``grpc`` without TLS);
                ``${NAME}`` in the place of what comes before ``/v2`` is read from the environment or ``.env``. The function,
                where the decorator was written without it, which a rule refuses.
            **options: ``token`` (an ``hr.Secret``, sent as ``Authorization: Bearer``), ``headers`` (texts and
                ``hr.Secret``), ``inputs`` and ``outputs`` (names of ports to names of the model's tensors; an only output is
                ``result``), ``timeout`` of one request, ``max_answer`` (the largest answer), ``concurrency`` (requests of
                a run on their way at once); with ``size`` the function says ``Batch`` and items are stacked on the first
                axis.
        """
        made = written_of_model("remote", url, options, CALLING, ("size",))
        return decorated(url if callable(url) else None, made, caller_line())

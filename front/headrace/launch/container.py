"""The runtime container as the settings want it: what they say, the housing made of it, and what is told of its image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from headrace.settings import Settings, Value
from headrace_dags.plan.model import Plan
from headrace_dags.secrets.naming import named
from headrace_serving.container.settings import ContainerSettings, bytes_of

if TYPE_CHECKING:
    from headrace.progress.view import View
    from headrace_serving.container.engine import Engine
    from headrace_serving.container.housing import InContainer
    from headrace_serving.container.image import Building
    from headrace_serving.runtimes.contract import Workplace


def container_settings(settings: Settings) -> ContainerSettings:
    """What ``settings`` say of the container.

    Raises:
        BadInput: a size is none.
    """
    values = settings.values
    memory, shared = values["container_memory"], values["container_shm"]
    return ContainerSettings(
        engine=values["container_engine"].text,
        base=values["container_base"].text,
        requirements=values["container_requirements"].text,
        shared_memory_bytes=_bytes(shared),
        memory_bytes=0 if memory.text == "auto" else _bytes(memory),
        network="open" if values["container_network"].text == "open" else "closed",
    )


def housing(engine: Engine, settings: Settings, workplace: Workplace, view: View) -> InContainer:
    """Where the server will run."""
    from headrace_serving.container.housing import InContainer

    return InContainer(engine, container_settings(settings), workplace, lambda building: _tell(building, view))


def given_secrets(plan: Plan, environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """The secrets of what a plan serves that the environment gives: nothing else of it reaches the container."""
    served = (plan.graph.by_name[node] for segment in plan.served for node in segment.nodes)
    names = {each.name for each in named(served)}
    return {name: environ[name] for name in sorted(names) if environ.get(name)}


def _tell(building: Building, view: View) -> None:
    recipe = building.recipe
    if building.waits:
        view.making(f"waiting for the image {recipe.tag}: another run builds it", 0, 0)
        return
    packages = f" and the packages of {recipe.origin}" if recipe.origin else ""
    what = f"building the image {recipe.tag} on {recipe.base} with Triton{packages}: once, a few minutes"
    view.making(f"building the image: {building.doing}" if building.step else what, building.step, building.steps)


def _bytes(value: Value) -> int:
    return bytes_of(value.text, f"{value.setting.name} ({value.origin})")

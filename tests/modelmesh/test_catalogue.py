"""The catalogue: every figure has a source, slices come smallest first, and unknown platforms are named."""

from __future__ import annotations

import pytest

from headrace_dags.errors import BadInput, Exit
from headrace_modelmesh.catalogue import ASSUMPTION, catalogue, platforms, slices_of

GIB = 2**30


def test_every_figure_names_a_source():
    known = catalogue()
    figures = [gpu.source for gpu in known.gpus.values()]
    figures += [profile.source for gpu in known.gpus.values() for profile in gpu.profiles]
    figures += [source for platform in known.platforms.values() for source in platform.sources]
    assert set(figures) <= set(known.sources)
    assert [name for name, url in known.sources.items() if not url.startswith("https://")] == [ASSUMPTION]


def test_every_source_is_used():
    known = catalogue()
    used = {source for platform in known.platforms.values() for source in platform.sources}
    for gpu in known.gpus.values():
        used |= {gpu.source, *(profile.source for profile in gpu.profiles)}
    assert used == set(known.sources)


def test_partitions_hold_about_what_their_name_says():
    for gpu in catalogue().gpus.values():
        for profile in gpu.profiles:
            nominal_gb = int(profile.name.partition(".")[2].removesuffix("gb"))
            assert 0.85 * nominal_gb <= profile.memory_gib * 1.0737 <= 1.07 * nominal_gb, profile


def test_profiles_follow_the_seven_slices_of_a_gpu():
    for name, gpu in catalogue().gpus.items():
        shapes = [profile.compute for profile in gpu.profiles]
        assert shapes in ([], [1, 1, 2, 3, 4, 7]), name
        assert [f"{profile.compute}g" for profile in gpu.profiles] == [p.name.partition(".")[0] for p in gpu.profiles]


@pytest.mark.parametrize("platform", ["coreweave", "gke", "plain"])
def test_slices_come_smallest_first_and_once(platform):
    slices = slices_of(platform)
    assert [each.gpu_memory_bytes for each in slices] == sorted(each.gpu_memory_bytes for each in slices)
    assert len({each.name for each in slices}) == len(slices)


def test_a_platform_offers_what_its_gpus_are_cut_into():
    names = [each.name for each in slices_of("gke")]
    assert names[:3] == ["1g.5gb", "1g.10gb", "2g.10gb"]
    assert {"t4", "l4", "a100-40", "h200-141"} <= set(names)
    assert not any("g." in each.name for each in slices_of("coreweave"))


def test_a_profile_that_several_gpus_share_has_the_memory_of_the_least():
    shared = next(each for each in slices_of("plain") if each.name == "1g.10gb")
    assert shared.gpu_memory_bytes == int(9.625 * GIB)


def test_the_platforms_are_listed():
    assert platforms() == ("coreweave", "gke", "plain")


def test_an_unknown_platform_is_refused_with_those_there_are():
    with pytest.raises(BadInput) as refused:
        slices_of("nowhere")
    assert refused.value.exit_code == Exit.BAD_INPUT
    assert str(refused.value) == (
        "--platform [unknown-platform]: expects one of coreweave, gke, plain, got 'nowhere'. Name one of these."
    )

"""Settings: who wins, where paths start from, and what is wrong told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.settings import SETTINGS, project_root, resolve
from headrace_dags.errors import BadInput


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = resolve(tmp_path / "project", environ={})
    assert settings.state == tmp_path / "project" / ".headrace"
    assert settings.results == tmp_path / "out"
    assert (settings.cache_bytes, settings.cache_age_s) == (2 << 30, 30 * 86_400)
    assert (settings.runtime, settings.target, settings.platform) == ("auto", "local", "plain")
    assert {value.origin for value in settings.values.values()} == {"default"}


def test_a_flag_wins_over_the_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.headrace]\nruntime = "triton"\n', encoding="utf-8")
    environ = {"HEADRACE_RUNTIME": "inprocess"}
    from_file = resolve(tmp_path, environ={}).values["runtime"]
    from_environment = resolve(tmp_path, environ=environ).values["runtime"]
    from_flag = resolve(tmp_path, {"runtime": "auto"}, environ).values["runtime"]
    assert (from_file.text, from_file.origin) == ("triton", str(file))
    assert (from_environment.text, from_environment.origin) == ("inprocess", "HEADRACE_RUNTIME")
    assert (from_flag.text, from_flag.origin) == ("auto", "--runtime")


def test_a_flag_that_is_not_given_says_nothing(tmp_path: Path) -> None:
    assert resolve(tmp_path, {"runtime": None}, {}).values["runtime"].origin == "default"


def test_paths_start_where_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, here = tmp_path / "project", tmp_path / "here"
    root.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    (root / "pyproject.toml").write_text('[tool.headrace]\nstate = "kept"\n', encoding="utf-8")
    assert resolve(root, environ={}).state == root / "kept"
    assert resolve(root, environ={"HEADRACE_STATE": "kept"}).state == here / "kept"


def test_everything_that_is_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.headrace]\nruntme = "x"\ntarget = "moon"\n', encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        resolve(tmp_path, environ={"HEADRACE_RUNTIME": "fast"})
    said = str(caught.value)
    assert [problem.code for problem in caught.value.problems] == ["config-unknown", "setting-value", "setting-value"]
    assert "got runtme. Write runtime." in said
    assert (
        "runtime (HEADRACE_RUNTIME) [setting-value]: expects auto or triton or container or inprocess, got 'fast'"
        in said
    )


@pytest.mark.parametrize("content", [b"[tool", b"\xff", b"tool = 3", b"[tool]\nheadrace = 3"])
def test_a_file_that_is_no_toml(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(BadInput, match="config-syntax"):
        resolve(tmp_path, environ={})


def test_room_and_age_of_the_cache(tmp_path: Path) -> None:
    settings = resolve(tmp_path, environ={"HEADRACE_CACHE": "500Mi", "HEADRACE_CACHE_AGE": "12h"})
    assert (settings.cache_bytes, settings.cache_age_s) == (500 << 20, 43_200)
    assert resolve(tmp_path, environ={"HEADRACE_CACHE": "0"}).cache_bytes == 0
    with pytest.raises(BadInput) as caught:
        resolve(tmp_path, environ={"HEADRACE_CACHE": "lots", "HEADRACE_CACHE_AGE": "-1d"})
    assert "cache (HEADRACE_CACHE) [setting-value]: expects a size such as" in str(caught.value)
    assert "cache_age (HEADRACE_CACHE_AGE) [setting-value]: expects a duration such as" in str(caught.value)


def test_a_home_that_nobody_has(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"state \[setting-value\]: expects a path"):
        resolve(tmp_path, environ={"HEADRACE_STATE": "~nobody-of-that-name/x"})


def test_the_root_is_the_nearest_project(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").touch()
    assert project_root(inner) == tmp_path / "a"


def test_every_setting_says_what_it_means() -> None:
    assert all(setting.means and setting.variable == f"HEADRACE_{setting.name.upper()}" for setting in SETTINGS)

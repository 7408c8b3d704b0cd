"""Run ids tell their partition and who gave them out."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace_events.engine.runid import new_run_id, parse_run_id, state_secret

SECRET = b"s" * 32


def test_an_id_reads_back_and_differs_each_time() -> None:
    ids = [new_run_id(SECRET, partitions=12) for _ in range(200)]
    assert [parse_run_id(str(each), SECRET) for each in ids] == ids
    assert len(set(ids)) == 200
    assert {each.partition for each in ids} == set(range(12))
    assert all(each.partition == int(each.bits, 16) % 12 for each in ids)
    assert new_run_id(SECRET).partition == 0


@pytest.mark.parametrize("text", ["", "x", "0-12-34", f"01-{'0' * 32}-{'0' * 8}", f"0-{'0' * 32}-{'0' * 8}\n"])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a run's id is"):
        parse_run_id(text, SECRET)


def test_ids_given_out_elsewhere_or_changed_are_refused() -> None:
    run = new_run_id(SECRET, partitions=5)
    for text, secret in [
        (str(run), b"t" * 32),
        (f"{run.partition + 1}-{run.bits}-{run.mac}", SECRET),
        (f"{run.partition}-{run.bits[::-1]}-{run.mac}", SECRET),
    ]:
        with pytest.raises(ValueError, match="not given out"):
            parse_run_id(text, secret)


def test_a_state_folder_has_one_secret(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: state_secret(state), range(16)))
    assert len(secrets) == 1
    assert len(next(iter(secrets))) == 32
    assert (state / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in state.iterdir()] == ["secret"]
    assert state_secret(tmp_path / "other") != state_secret(state)

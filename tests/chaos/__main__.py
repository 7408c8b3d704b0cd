"""``python -m tests.chaos --minutes 5 --seed 1``: storms one after another, each with the next seed, until the time has passed."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.chaos import Chaos


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first storm (default: %(default)s)")
    given = parser.parse_args()
    until_s, seed, failed = time.monotonic() + 60 * given.minutes, given.seed, 0
    while time.monotonic() < until_s:
        folder = Path(tempfile.mkdtemp(prefix="headrace-chaos-"))
        if is_wrong := asyncio.run(storm(folder, seed)):
            print(f"  all of it is left in {folder}")
        else:
            shutil.rmtree(folder)
        failed, seed = failed + is_wrong, seed + 1
    print(f"{seed - given.seed} storms, {failed} with something wrong; go on with --seed {seed}")
    return 1 if failed else 0


async def storm(folder: Path, seed: int) -> bool:
    chaos = Chaos(folder, seed, kills=16, killers=seed % 3)
    counts, wrong = await chaos.storm(), await chaos.wrong()
    print(f"seed {seed}: {counts.text()}", *(f"  WRONG: {each}" for each in wrong), sep="\n", flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())

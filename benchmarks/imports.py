"""What does ``import headrace`` cost? Beside a bare interpreter, and beside pydantic alone."""

from __future__ import annotations

import asyncio

from benchmarks.rounds import Spread, interleave, process_s, show

BAR_S = 0.150
ROUNDS = 11

CASES = {
    "python alone": "pass",
    "import pydantic": "import pydantic; pydantic.BaseModel",
    "import headrace": "import headrace",
    "declare a step and a dag": (
        "import headrace as hr\n"
        "@hr.step\ndef a(x: hr.Text) -> hr.Text: return x\n"
        "@hr.dag\ndef d(x: hr.Text) -> hr.Text: return a(x)"
    ),
}


def main() -> None:
    """Measure and print."""

    async def once(code: str) -> float:
        return await asyncio.to_thread(process_s, code)

    seen = asyncio.run(interleave({name: lambda code=code: once(code) for name, code in CASES.items()}, ROUNDS))  # type: ignore[misc]
    bare = seen["python alone"]
    rows = [[name, spread.text(1000, " ms"), added(spread, bare)] for name, spread in seen.items()]
    show(f"imports (bar: import headrace adds at most {BAR_S * 1000:.0f} ms)", rows, ["case", "process", "added"])


def added(spread: Spread, floor: Spread) -> str:
    """Milliseconds over the bare interpreter."""
    return f"{(spread.median - floor.median) * 1000:.0f} ms"


if __name__ == "__main__":
    main()

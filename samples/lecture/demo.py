"""`make demo`: run the lecture through a real Triton server, then show what is on the slides, what is said when, and a search hit."""

import subprocess
import sys
from pathlib import Path

from search import search
from story import Timeline, clock

HERE = Path(__file__).parent
OUT = HERE / "out"
QUERY = "how does water reach the wheel"


def main() -> int:
    """Run, print, search. The exit code is that of the run."""
    dag, video = f"{HERE / 'lecture.py'}:lecture", f"video=@{HERE / 'media' / 'lecture.mp4'}"
    command = [sys.executable, "-m", "headrace", "run", dag, "--input", video, "--out", str(OUT)]
    code = subprocess.run(command, check=False).returncode
    if code == 0:
        story = Timeline.model_validate_json((OUT / "timeline.json").read_text(encoding="utf-8"))
        print("\n" + readable(story))
        print(f"\nSearch\n{search(QUERY, OUT).readable(QUERY)}")
        print(f'\nAsk it yourself: {sys.executable} {HERE / "search.py"} {OUT} "what holds the river back"')
    return code


def readable(story: Timeline) -> str:
    """The timeline as text: each slide with its lines, and under them what is said when."""
    lines = ["What is on the slides, and what is said when"]
    for entry in story.entries:
        lines.append(f"  {clock(entry.at_s)}  {' / '.join(entry.slide)}")
        lines += [f"        {clock(said.at_s)}  {said.words}" for said in entry.said]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

"""The documents sample through `headrace run`, in process and on a real Triton server: the same records, and the same work left undone."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import make_post
import pytest
from conftest import DOCUMENTS
from papers import Invoice, Letter, Table, Unread

from headrace_events.engine.progress import Progress, SegmentProgress
from headrace_events.engine.readback import RunRecord


@dataclass(frozen=True)
class Ran:
    """What a run gave: its table, its listing, and how far each segment got."""

    table: Table
    listing: str
    segments: dict[str, SegmentProgress]


def run(scan: Path, folder: Path, runtime: str) -> Ran:
    command = [sys.executable, "-m", "headrace", "run", f"{DOCUMENTS / 'documents.py'}:documents", "--json"]
    options = ["--runtime", runtime, "--input", f"scan=@{scan}", "--out", str(folder), "--state", str(folder / "state")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr + done.stdout
    table = Table.model_validate_json((folder / "table.json").read_text())
    record = RunRecord.read(folder / "state" / "runs" / json.loads(done.stdout)["run"])
    progress = Progress(record.plan)
    for each in record.events:
        progress.observe(each.event, each.at_s)
    return Ran(table, (folder / "listing.txt").read_text(), {each.name: each for each in progress.segments})


@pytest.fixture(scope="module")
def post() -> make_post.Post:
    return make_post.Post()


@pytest.fixture(scope="module", params=["inprocess", "triton"])
def ran(request: pytest.FixtureRequest, post: make_post.Post, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("documents")
    make_post.write(folder / "post.tif", post.pictures())
    return run(folder / "post.tif", folder, request.param)


def test_the_table_says_what_was_printed(ran: Ran, post: make_post.Post) -> None:
    printed = [(getattr(paper, "sender", ""), getattr(paper, "total", None)) for paper in post.papers]
    assert [(row.sender, row.amount) for row in ran.table.rows] == printed
    subjects = [paper.subject for paper in post.papers if isinstance(paper, Letter)]
    assert [row.about for row in ran.table.rows if row.kind == "letter"] == subjects


def test_the_totals_are_those_of_the_post(ran: Ran, post: make_post.Post) -> None:
    invoices = [paper for paper in post.papers if isinstance(paper, Invoice)]
    assert ran.table.total == sum(paper.total for paper in invoices)
    assert ran.table.pages == {"invoice": 6, "letter": 3, "photo": 2, "blank": 1}
    assert ran.listing.splitlines()[-1].startswith("12 pages: 1 blank, 6 invoice, 3 letter, 2 photo; ")


def test_each_segment_handles_the_pages_that_need_it(ran: Ran, post: make_post.Post) -> None:
    kinds = [type(paper) for paper in post.papers]
    assert {name: each.items for name, each in ran.segments.items() if name.startswith("page-record")} == {
        "page-record-read-page": len(kinds) - kinds.count(Unread),
        "page-record-invoice": kinds.count(Invoice),
        "page-record-letter": kinds.count(Letter),
        "page-record-unread": kinds.count(Unread),
    }


def test_of_photos_alone_nothing_is_read(tmp_path: Path) -> None:
    photos = make_post.Post(4).pictures()[3:]
    make_post.write(tmp_path / "photos.tif", photos)
    ran = run(tmp_path / "photos.tif", tmp_path, "inprocess")
    assert ran.table.pages == {"photo": 1}
    assert {name for name, each in ran.segments.items() if each.skipped} == {
        "page-record-read-page",
        "page-record-invoice",
        "page-record-letter",
    }


def test_the_script_says_how_it_is_used(tmp_path: Path) -> None:
    script = [sys.executable, str(DOCUMENTS / "make_post.py")]
    done = subprocess.run([*script, str(tmp_path / "two.tif"), "2"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{tmp_path / 'two.tif'}: 2 pages, ")
    refused = subprocess.run([*script, "a", "b"], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr) == (2, "usage: python make_post.py OUT.tif [PAGES]\n")

"""The documents sample reads its post: every record and total is what was printed, and only what is needed is read."""

import io
from decimal import Decimal
from pathlib import Path

import documents
import glyphs
import make_post
import numpy as np
import pytest
from papers import Invoice, Item, Kind, Letter, Unread
from PIL import Image

import headrace as hr


@pytest.fixture(scope="module")
def post() -> make_post.Post:
    return make_post.Post()


@pytest.fixture(scope="module")
def scan(post: make_post.Post, tmp_path_factory: pytest.TempPathFactory) -> hr.ImageFile:
    path = tmp_path_factory.mktemp("post") / "post.tif"
    make_post.write(path, post.pictures())
    return hr.ImageFile(path)


@pytest.fixture(scope="module")
def pages(scan: hr.ImageFile) -> list[hr.Image]:
    return documents.pages(scan)


def of_kind(post: make_post.Post, pages: list[hr.Image], kind: type) -> hr.Image:
    return next(page for page, paper in zip(pages, post.papers, strict=True) if isinstance(paper, kind))


def test_the_post_holds_all_there_is_to_tell_apart(post: make_post.Post) -> None:
    invoices = [paper for paper in post.papers if isinstance(paper, Invoice)]
    assert {paper.looks for paper in post.papers if isinstance(paper, Unread)} == {Kind.PHOTO, Kind.BLANK}
    assert {paper.adds_up for paper in invoices} == {True, False}
    assert len(post.papers) == make_post.PAGES


def test_the_same_number_makes_the_same_pages(post: make_post.Post) -> None:
    one, other = make_post.Post(3), make_post.Post(3)
    assert one.papers == other.papers == post.papers[:3]
    assert all(map(np.array_equal, one.pictures(), other.pictures()))


def test_the_scan_holds_the_pages_as_they_were_drawn(pages: list[hr.Image]) -> None:
    drawn = make_post.Post().pictures()
    assert [page.shape for page in pages] == [(make_post.HEIGHT, make_post.WIDTH, 1)] * len(drawn)
    assert all(np.array_equal(page[:, :, 0], picture) for page, picture in zip(pages, drawn, strict=True))


def test_every_record_is_what_was_printed(post: make_post.Post, pages: list[hr.Image]) -> None:
    assert documents.page_record.map(pages) == post.papers


@pytest.mark.parametrize("seed", range(3))
def test_other_post_is_read_too(seed: int, tmp_path: Path) -> None:
    post = make_post.Post(7, seed)
    make_post.write(tmp_path / "other.tif", post.pictures())
    assert documents.page_record.map(documents.pages(hr.ImageFile(tmp_path / "other.tif"))) == post.papers


def test_a_page_is_read_where_a_branch_needs_its_text_and_nowhere_else(
    post: make_post.Post, pages: list[hr.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    lines = glyphs.PageReader.lines

    def counted(reader: glyphs.PageReader, given: list[glyphs.Ink]) -> list[list[str]]:
        read.append(len(given))
        return lines(reader, given)

    monkeypatch.setattr(glyphs.PageReader, "lines", counted)
    documents.page_record.map(pages)
    assert sum(read) == sum(not isinstance(paper, Unread) for paper in post.papers) < len(pages)


def test_pages_are_read_together_as_each_by_itself(post: make_post.Post) -> None:
    inks = [picture < 128 for picture in post.pictures()[:3]]
    reader = glyphs.PageReader()
    assert reader.lines(inks) == [reader.lines([each])[0] for each in inks]


def test_every_character_is_told_from_every_other() -> None:
    page = np.zeros((20 * glyphs.CELL_H, 50 * glyphs.CELL_W), np.bool_)
    halves = [" ".join(glyphs.CHARACTERS[1:25]), " ".join(glyphs.CHARACTERS[25:48]), " ".join(glyphs.CHARACTERS[48:71])]
    lines = [*halves, " ".join(glyphs.CHARACTERS[71:])]
    for number, line in enumerate(lines):
        ink = glyphs.drawn(line)
        page[number * glyphs.CELL_H :, :][: ink.shape[0], : ink.shape[1]] = ink
    assert glyphs.PageReader().lines([page]) == [lines]


def test_a_smudged_invoice_is_told_and_costs_no_other_page(post: make_post.Post, pages: list[hr.Image]) -> None:
    smudged = of_kind(post, pages, Invoice).copy()
    smudged[:200, :400] = 250  # its head: sender and number
    found = documents.page_record.map([smudged, of_kind(post, pages, Letter)])
    assert found[0] == Unread(looks=Kind.INVOICE, amiss="no number and date")
    assert isinstance(found[1], Letter)


@pytest.mark.parametrize("shape", [(1, 1, 1), (30, 10, 1), (10, 30, 1), (50, 50, 1)])
def test_a_scrap_of_paper_says_nothing(shape: tuple[int, int, int]) -> None:
    assert documents.page_record(np.zeros(shape, np.uint8)) == Unread(looks=Kind.INVOICE, amiss="no number and date")


def test_the_table_adds_up(post: make_post.Post) -> None:
    table = documents.table(post.papers)
    invoices = [paper for paper in post.papers if isinstance(paper, Invoice)]
    assert table.total == sum(paper.total for paper in invoices)
    assert table.pages == {"invoice": 6, "letter": 3, "photo": 2, "blank": 1}
    assert [row.page for row in table.rows if row.amiss] == [5, 12]
    assert [row.page for row in table.rows] == list(range(1, 13))


def test_an_invoice_adds_up_or_not() -> None:
    items = [Item(what="Oak planks", count=2, price=Decimal("34.50"))]
    invoice = Invoice(number="1", day="2026-01-02", sender="Ada", items=items, total=Decimal(69))
    assert invoice.adds_up
    assert not invoice.model_copy(update={"total": Decimal(96)}).adds_up


@pytest.mark.parametrize("form", ["1", "L", "P", "RGB", "CMYK", "I;16", "LA", "black on nothing"])
def test_a_page_is_read_however_its_pixels_are_kept(post: make_post.Post, tmp_path: Path, form: str) -> None:
    (drawn,) = make_post.Post(1).pictures()
    if form == "I;16":
        page = Image.fromarray(drawn.astype(np.uint16) * 257)
    elif form == "black on nothing":
        page = Image.merge("LA", [Image.new("L", drawn.shape[::-1]), Image.fromarray(255 - drawn)])
    else:
        page = Image.fromarray(drawn).convert(form)
    page.save(tmp_path / "page.tif")
    assert documents.page_record.map(documents.pages(hr.ImageFile(tmp_path / "page.tif"))) == post.papers[:1]


def test_a_stack_that_is_too_high_is_refused(tmp_path: Path) -> None:
    sheet = Image.new("1", (8, 8), 1)
    sheet.save(tmp_path / "most.tif", save_all=True, append_images=[sheet] * (documents.MOST_PAGES - 1))
    assert len(documents.pages(hr.ImageFile(tmp_path / "most.tif"))) == documents.MOST_PAGES
    sheet.save(tmp_path / "more.tif", save_all=True, append_images=[sheet] * documents.MOST_PAGES)
    with pytest.raises(hr.InputError, match=r"^the scan has more than 256 pages; split it"):
        documents.pages(hr.ImageFile(tmp_path / "more.tif"))


def test_a_page_that_is_too_large_to_decode_is_refused() -> None:
    file = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(file, "PNG")
    with pytest.raises(hr.InputError, match="the scan cannot be read: Image size"):
        documents.pages(hr.ImageFile(file.getvalue()))


def test_a_file_that_is_no_picture_is_refused() -> None:
    with pytest.raises(hr.InputError, match="the scan cannot be read"):
        documents.pages(hr.ImageFile(b"this is no picture at all"))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_scan_that_is_cut_off_is_refused(scan: hr.ImageFile) -> None:
    with pytest.raises(hr.InputError, match="the scan cannot be read"):
        documents.pages(hr.ImageFile(scan.read()[: scan.size // 2]))


@pytest.mark.parametrize(
    ("printed", "amiss"),
    [
        ("Ada\nsoon\nSubject: Wheel\nDear all,\nhello.\nYours sincerely,", "day: Input should be a valid date"),
        ("Ada\n2026-01-02\nDear all,\nhello.\nYours sincerely,", "no subject"),
        ("Ada\n2026-01-02\nSubject: Wheel\nDear all,", "no body"),
        ("Ada", "no sender and date"),
    ],
)
def test_a_letter_that_is_not_understood_says_what_is_amiss(printed: str, amiss: str) -> None:
    found = documents.letter(printed)
    assert isinstance(found, Unread)
    assert found.looks is Kind.LETTER
    assert found.amiss.startswith(amiss)


def test_an_invoice_without_a_total_says_so() -> None:
    assert documents.invoice("Ada\nINVOICE 1 2026-01-02") == Unread(looks=Kind.INVOICE, amiss="no total")

"""A stack of scanned post becomes a table: what each page is, what invoices ask for, what letters are about.

    scan -> pages -> for each: what does it look like? -> invoice: read it -> take the figures --\\
                                                          letter:  read it -> take the subject ---> table
                                                          others:  left unread -----------------/

Reading is the dear part, so only pages that look as if something could be read are given to it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO, NamedTuple

import headrace as hr
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from pydantic import ValidationError

import glyphs
from papers import Invoice, Item, Kind, Letter, Paper, Row, Table, Unread

MOST_PAGES = 256
UNREADABLE = (OSError, SyntaxError, TypeError, ValueError, LookupError, EOFError, Image.DecompressionBombError)
"""What Pillow raises of a damaged file, as the damage has it."""
GREY = 0.2
"""A page of which a larger part is neither ink nor paper is a photo."""
INK = 0.003
"""A page of which a smaller part is ink is blank: dust is not more."""


class Filed(NamedTuple):
    """What comes out: the table, and the same to be read by people."""

    table: Table
    listing: hr.Text


@hr.step(max_items=MOST_PAGES)
def pages(scan: hr.ImageFile) -> Iterator[hr.Image]:
    """The pages of a multi-page TIFF, in shades of grey."""
    with scan.open() as file:
        for number, page in enumerate(decoded(file)):
            if number == MOST_PAGES:
                raise hr.InputError(f"the scan has more than {MOST_PAGES} pages; split it")
            yield page[:, :, np.newaxis]


@hr.step
def kind_of(page: hr.Image) -> Kind:
    """What a page looks like, by its grey, its ink and its ruled lines; not a word is read."""
    if np.mean((page > 50) & (page < 205)) > GREY:
        return Kind.PHOTO
    if ink(page).mean() < INK:
        return Kind.BLANK
    return Kind.INVOICE if glyphs.ruled(ink(page)).any() else Kind.LETTER


class ReadPage(hr.StatefulBatch[hr.Image, hr.Text], size=8, wait="5ms", memory="512Mi"):
    """The text on pages, a line of it per line."""

    def setup(self) -> None:
        self.reader = glyphs.PageReader()

    def batch(self, items: hr.Batch[hr.Image]) -> hr.Batch[hr.Text]:
        return ["\n".join(lines) for lines in self.reader.lines([ink(page) for page in items])]


@hr.step
def invoice(text: hr.Text) -> Invoice | Unread:
    """The figures of an invoice."""
    try:
        return read_invoice(text)
    except (LookupError, ValueError) as error:
        return Unread(looks=Kind.INVOICE, amiss=why(error))


@hr.step
def letter(text: hr.Text) -> Letter | Unread:
    """Who writes, when, and about what."""
    try:
        return read_letter(text)
    except (LookupError, ValueError) as error:
        return Unread(looks=Kind.LETTER, amiss=why(error))


@hr.step
def unread(kind: Kind) -> Unread:
    """A page with nothing to read."""
    return Unread(looks=kind)


@hr.step
def table(papers: hr.Many[Invoice | Letter | Unread]) -> Table:
    """The table of all pages, with its totals."""
    rows = [row(page, paper) for page, paper in enumerate(papers, 1)]
    total = sum((paper.total for paper in papers if isinstance(paper, Invoice)), Decimal(0))
    return Table(rows=rows, pages=dict(Counter(row.kind for row in rows)), total=total)


@hr.step
def listing(table: Table) -> hr.Text:
    """The table as text."""
    lines = [line(row) for row in table.rows]
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(table.pages.items()))
    stack = "1 page" if len(table.rows) == 1 else f"{len(table.rows)} pages"
    return "\n".join([*lines, f"{stack}: {counts}; invoices over {table.total} EUR"])


@hr.dag
def page_record(page: hr.Image) -> Invoice | Letter | Unread:
    """One page. It is read only where a branch that is taken needs its text."""
    kind = kind_of(page)
    text = ReadPage()(page)
    return hr.switch(kind).case(Kind.INVOICE, invoice(text)).case(Kind.LETTER, letter(text)).otherwise(unread(kind))


@hr.dag(deadline="10m")
def documents(scan: hr.ImageFile) -> Filed:
    """File a stack of post."""
    filed = table(page_record.map(pages(scan)))
    return Filed(filed, listing(filed))


def decoded(file: BinaryIO) -> Iterator[NDArray[np.uint8]]:
    """The pages of a file in shades of grey: ``h w`` each.

    Raises:
        InputError: it is no picture, or damaged.
    """
    try:
        with Image.open(file) as stack:
            for page in ImageSequence.Iterator(stack):
                yield grey(page)
    except UNREADABLE as error:
        raise hr.InputError(f"the scan cannot be read: {error}") from error


def grey(page: Image.Image) -> NDArray[np.uint8]:
    """A page in shades of grey, on white paper where it is transparent: ``h w``."""
    if page.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255 and not scale
        return (np.clip(np.asarray(page, np.float64), 0, 65535) / 257).astype(np.uint8)
    if page.has_transparency_data:
        page = Image.alpha_composite(Image.new("RGBA", page.size, "white"), page.convert("RGBA"))
    return np.asarray(page.convert("L"))


def ink(page: hr.Image) -> glyphs.Ink:
    """Where there is ink: ``h w``."""
    return page[:, :, 0] < 128


def read_invoice(text: str) -> Invoice:
    number, day = found("number and date", r"INVOICE (\S+) +(\S+)", text)
    (total,) = found("total", r"TOTAL EUR +([\d.]+)", text)
    lines = re.findall(r"(?m)^(.+?) +(\d+) x +([\d.]+) +[\d.]+$", text)
    items = [Item.model_validate(dict(zip(("what", "count", "price"), line, strict=True))) for line in lines]
    sender = text.splitlines()[0]
    return Invoice.model_validate({"number": number, "day": day, "sender": sender, "items": items, "total": total})


def read_letter(text: str) -> Letter:
    sender, day = found("sender and date", r"\A(.+)\n(\S+)\n", text)
    (subject,) = found("subject", r"Subject: (.+)", text)
    (body,) = found("body", r"(?s)Dear [^\n]+,\n(.+)\nYours sincerely,", text)
    return Letter.model_validate({"day": day, "sender": sender, "subject": subject, "body": " ".join(body.split())})


def found(what: str, pattern: str, text: str) -> tuple[str, ...]:
    """The groups of the first match.

    Raises:
        LookupError: there is none.
    """
    match = re.search(pattern, text)
    if match is None:
        raise LookupError(f"no {what}")
    return match.groups()


def why(error: Exception) -> str:
    """One line on why a page could not be understood."""
    first = error.errors()[0] if isinstance(error, ValidationError) else None
    return f"{first['loc'][0]}: {first['msg']}" if first else str(error)


def row(page: int, paper: Paper) -> Row:
    match paper:
        case Invoice():
            amiss = "" if paper.adds_up else "the items do not add up to the total"
            about = f"{paper.number}: {', '.join(item.what for item in paper.items)}"
            return Row(
                page=page,
                kind="invoice",
                day=paper.day,
                sender=paper.sender,
                about=about,
                amount=paper.total,
                amiss=amiss,
            )
        case Letter():
            return Row(page=page, kind="letter", day=paper.day, sender=paper.sender, about=paper.subject)
        case Unread():
            return Row(page=page, kind=paper.looks, amiss=paper.amiss)


def line(row: Row) -> str:
    """A row as text; what is amiss stands at its end."""
    day, amount = str(row.day or ""), "" if row.amount is None else f"{row.amount:.2f}"
    words = f"{row.page:4}  {row.kind:8}{day:12}{row.sender:20}{amount:>10}  {row.about}"
    return f"{words}{' !! ' * bool(row.amiss)}{row.amiss}".rstrip()

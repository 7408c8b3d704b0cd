"""Make a stack of post to try the sample on: `python make_post.py post.tif [PAGES]`. The same number gives the same pages.

Everything is invented; what is printed on each page is known, which is what the tests compare with.
"""

import sys
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import glyphs
from papers import Invoice, Item, Kind, Letter, Paper, Unread

SEED = 7
PAGES = 12
WIDTH, HEIGHT = 816, 1056
"""A page of 8.5 by 11 inches at 96 dots per inch."""
COLUMNS = 60
MIX = (Kind.INVOICE, Kind.LETTER, Kind.INVOICE, Kind.PHOTO, Kind.INVOICE, Kind.BLANK, Kind.LETTER)
MISCOUNTED = 3
"""Every third invoice asks for more than its items cost."""

RULE = "\f"
"""Stands for a line ruled across the page."""
SENDERS = ("Millwright & Sons", "Weir Lane Timber", "Ada Rivers", "Gate & Wheel Ltd.", "Headford Council")
GOODS = (
    ("Oak planks", 3450),
    ("Bearings", 12800),
    ("Grease 5 kg", 2195),
    ("Sluice chain", 8760),
    ("Box of rivets", 975),
)
SUBJECTS = (
    (
        "Repair of the sluice gate",
        "the gate closes again. Please look at it when you are here, and tell us what it costs.",
    ),
    (
        "Noise of the wheel",
        "since Monday the wheel knocks at every turn. Could it be the third bearing? We have stopped it.",
    ),
    ("Visit of the school", "24 children would like to see the mill on a Friday in May."),
)

Grey = NDArray[np.uint8]


class Post:
    """A stack of pages: what each says, and how it looks.

    Args:
        pages: how many.
        seed: of everything that is left to chance.
    """

    def __init__(self, pages: int = PAGES, seed: int = SEED) -> None:
        self.chance = np.random.default_rng(seed)
        self.invoices = 0
        self.letters = cycle(SUBJECTS)
        self.papers: list[Paper] = [self._paper(kind) for kind in islice(cycle(MIX), pages)]

    def pictures(self) -> list[Grey]:
        """The pages as a scanner gives them: shades of grey, ``h w``."""
        return [self._scanned(paper) for paper in self.papers]

    def _paper(self, kind: Kind) -> Paper:
        if kind is Kind.INVOICE:
            return self._invoice()
        return self._letter() if kind is Kind.LETTER else Unread(looks=kind)

    def _invoice(self) -> Invoice:
        self.invoices += 1
        goods = self.chance.choice(len(GOODS), self.chance.integers(1, 5), replace=False)
        items = [
            Item(what=GOODS[each][0], count=int(self.chance.integers(1, 40)), price=Decimal(GOODS[each][1]) / 100)
            for each in goods
        ]
        total = sum((item.amount for item in items), Decimal(0)) + (9 if self.invoices % MISCOUNTED == 0 else 0)
        number = f"2026-{self.chance.integers(1, 10_000):04}"
        return Invoice(number=number, day=self._day(), sender=self._sender(), items=items, total=total)

    def _letter(self) -> Letter:
        subject, body = next(self.letters)
        return Letter(day=self._day(), sender=self._sender(), subject=subject, body=body)

    def _sender(self) -> str:
        return SENDERS[self.chance.integers(len(SENDERS))]

    def _day(self) -> date:
        return date(2026, 1, 1) + timedelta(days=int(self.chance.integers(365)))

    def _scanned(self, paper: Paper) -> Grey:
        """A picture of the page: the print a little out of place, dust on the glass."""
        if isinstance(paper, Unread) and paper.looks is Kind.PHOTO:
            return self._photo()
        page = np.full((HEIGHT, WIDTH), 250, np.uint8)
        left, top = self.chance.integers(20, 60, 2)
        for number, line in enumerate(text(paper)):
            ink = np.ones((2, COLUMNS * glyphs.CELL_W), np.bool_) if line == RULE else glyphs.drawn(line)
            down = top + number * glyphs.CELL_H + (glyphs.CELL_H // 2 if line == RULE else 0)
            page[down : down + ink.shape[0], left : left + ink.shape[1]][ink] = 20
        dust = self.chance.random(page.shape) < 0.002
        return np.where(dust, 255 - page, page)

    def _photo(self) -> Grey:
        """Hills of light and shade over water, with a caption that nobody is to read."""
        down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
        waves = [np.sin(across / a + b) * np.cos(down / c + b) for a, b, c in self.chance.uniform(40, 200, (4, 3))]
        picture: Grey = (128 + 30 * np.sum(waves, 0)).clip(0, 255).astype(np.uint8)
        ink = glyphs.drawn("The mill in spring")
        picture[HEIGHT - 60 : HEIGHT - 60 + ink.shape[0], 40 : 40 + ink.shape[1]][ink] = 255
        return picture


def text(paper: Paper) -> list[str]:
    """What is printed on a page, line by line."""
    match paper:
        case Invoice():
            items = [f"{each.what:24}{each.count:4} x {each.price:9.2f} {each.amount:11.2f}" for each in paper.items]
            head = [paper.sender, "", f"INVOICE {paper.number}{paper.day.isoformat():>38}", RULE]
            return [*head, *items, RULE, f"TOTAL EUR{paper.total:43.2f}"]
        case Letter():
            words = wrapped(paper.body)
            head = [paper.sender, paper.day.isoformat(), "", f"Subject: {paper.subject}", ""]
            return [*head, "Dear neighbours,", "", *words, "", "Yours sincerely,", paper.sender]
        case Unread():
            return []


def wrapped(body: str) -> list[str]:
    """The body of a letter, in lines of the page's width."""
    lines = [""]
    for word in body.split():
        if len(lines[-1]) + 1 + len(word) > COLUMNS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def write(path: Path, pictures: list[Grey]) -> None:
    """Write pages as one TIFF, compressed without loss."""
    first, *others = [Image.fromarray(picture) for picture in pictures]
    first.save(path, format="TIFF", save_all=True, append_images=others, compression="tiff_adobe_deflate")


def main() -> int:
    """Write a stack of post. The exit code is 2 where it is not said where."""
    match sys.argv[1:]:
        case [out, *rest] if len(rest) <= 1 and all(map(str.isdecimal, rest)):
            post = Post(*map(int, rest))
            write(Path(out), post.pictures())
            print(f"{out}: {len(post.papers)} pages, {Path(out).stat().st_size / 1024:.0f} KiB")
            return 0
        case _:
            print("usage: python make_post.py OUT.tif [PAGES]", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())

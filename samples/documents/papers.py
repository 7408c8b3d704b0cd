"""What a stack of post becomes: a record for each page, and a table of them all. Plain data; no pixels and no steps."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

from pydantic import BaseModel


class Kind(StrEnum):
    """What a page looks like before a word of it is read."""

    INVOICE = "invoice"
    LETTER = "letter"
    PHOTO = "photo"
    BLANK = "blank"


class Item(BaseModel):
    """A line of an invoice: so many of something, at a price for each."""

    what: str
    count: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.count * self.price


class Invoice(BaseModel):
    """What an invoice says, in euros."""

    paper: Literal["invoice"] = "invoice"
    number: str
    day: date
    sender: str
    items: list[Item]
    total: Decimal

    @property
    def adds_up(self) -> bool:
        """Whether the total is that of the items."""
        return sum((item.amount for item in self.items), Decimal(0)) == self.total


class Letter(BaseModel):
    """What a letter says."""

    paper: Literal["letter"] = "letter"
    day: date
    sender: str
    subject: str
    body: str


class Unread(BaseModel):
    """A page of which nothing is taken: what it looks like, and what was amiss where it should have been read."""

    paper: Literal["unread"] = "unread"
    looks: Kind
    amiss: str = ""


Paper: TypeAlias = Invoice | Letter | Unread


class Row(BaseModel):
    """One page in the table; pages count from 1."""

    page: int
    kind: str
    day: date | None = None
    sender: str = ""
    about: str = ""
    amount: Decimal | None = None
    amiss: str = ""


class Table(BaseModel):
    """All pages in their order; how many there are of each kind, and what all invoices ask for together, in euros."""

    rows: list[Row]
    pages: dict[str, int]
    total: Decimal

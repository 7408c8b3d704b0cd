"""Optical character recognition by matrix matching: a page is a grid of cells, and each cell is the glyph that it differs from least.

What old line printers needed, and enough for one bitmap font of fixed pitch. All cells of all pages that come together are
matched in one product of matrices.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Ink = NDArray[np.bool_]

CHARACTERS = "".join(map(chr, range(32, 127)))
SCALE = 2
"""Pixels of the page for a pixel of the font, both ways."""
CELL_W, CELL_H = 6 * SCALE, 11 * SCALE
"""Pixels of a cell."""


def drawn(line: str) -> Ink:
    """A line of text in Pillow's own bitmap font, as it is printed: ``h w``, true where there is ink."""
    picture = Image.new("1", (max(len(line), 1) * CELL_W // SCALE, CELL_H // SCALE))
    ImageDraw.Draw(picture).text((0, 0), line, 1, ImageFont.load_default_imagefont())
    return np.kron(np.asarray(picture), np.ones((SCALE, SCALE), np.bool_)) > 0


class PageReader:
    """Reads pages that are printed in the font above, wherever on the page the print begins."""

    def __init__(self) -> None:
        # A few glyphs reach into the cell before theirs: here that is left empty.
        self.glyphs = _cells(drawn(" ".join(CHARACTERS)))[::2].astype(np.float32)
        self.usual = self.glyphs.mean(0).reshape(CELL_H, CELL_W)

    def lines(self, pages: Sequence[Ink]) -> list[list[str]]:
        """The lines of each page (``h w``, true where there is ink), without empty ones and without the left margin."""
        grids = [self._aligned(_without_rules(page)) for page in pages]
        cells = np.concatenate([_cells(grid) for grid in grids]).astype(np.float32)
        # Pixels in which a cell and a glyph differ: those of the one and of the other, less twice those of both.
        differ = self.glyphs.sum(1) - 2 * cells @ self.glyphs.T
        found = "".join(CHARACTERS[place] for place in differ.argmin(1))
        return [_tidy(rows) for rows in _split(found, grids)]

    def _aligned(self, page: Ink) -> Ink:
        """The page in whole cells, from where its grid begins.

        Folded onto one cell, the ink of all cells looks like the usual glyph, shifted by as much as the grid is.
        """
        page = np.pad(page, ((0, CELL_H), (0, CELL_W)))
        height, width = page.shape[0] // CELL_H * CELL_H, page.shape[1] // CELL_W * CELL_W
        folded = page[:height, :width].reshape(height // CELL_H, CELL_H, width // CELL_W, CELL_W).sum((0, 2))
        shifts = np.fft.ifft2(np.fft.fft2(folded) * np.conj(np.fft.fft2(self.usual))).real
        down, right = np.unravel_index(shifts.argmax(), shifts.shape)
        return page[down : down + height - CELL_H, right : right + width - CELL_W]


def _cells(grid: Ink) -> Ink:
    """The cells of a grid, row by row, each as one row of pixels."""
    rows, columns = grid.shape[0] // CELL_H, grid.shape[1] // CELL_W
    return grid.reshape(rows, CELL_H, columns, CELL_W).swapaxes(1, 2).reshape(rows * columns, CELL_H * CELL_W)


def _split(found: str, grids: Sequence[Ink]) -> list[list[str]]:
    """The characters of all grids, as the lines of each."""
    pages: list[list[str]] = []
    for grid in grids:
        rows, columns = grid.shape[0] // CELL_H, grid.shape[1] // CELL_W
        pages.append([found[row * columns : (row + 1) * columns] for row in range(rows)])
        found = found[rows * columns :]
    return pages


def _tidy(rows: Sequence[str]) -> list[str]:
    kept = [row.rstrip() for row in rows if row.strip()]
    margin = min((len(row) - len(row.lstrip()) for row in kept), default=0)
    return [row[margin:] for row in kept]


def _without_rules(page: Ink) -> Ink:
    """The page without lines ruled across it."""
    return page & ~ruled(page)[:, np.newaxis]


def ruled(page: Ink) -> NDArray[np.bool_]:
    """Whether each row of pixels belongs to a line ruled across the page."""
    across: NDArray[np.bool_] = page.mean(1) > 0.6
    return across

"""Make the gallery: pictures with captions, a query that was drawn by another hand, and the index. Always the same."""

import random
from dataclasses import dataclass
from itertools import combinations, permutations, product
from pathlib import Path

import headrace as hr
import numpy as np
from PIL import Image, ImageDraw

from gallery import HERE, colours, edges, thumbnail
from palette import COLOURS, GROUNDS, PAINTS, SHAPES
from wording import Vector, letter_groups

SEED = 7
PICTURES = 24
SIDE = 96
Point = tuple[float, float]


@dataclass(frozen=True)
class Scene:
    """What is on a picture: two shapes, each in its paint, side by side on a ground."""

    shapes: tuple[str, str]
    paints: tuple[str, str]
    ground: str

    @property
    def name(self) -> str:
        return "-".join(self.shapes)

    @property
    def caption(self) -> str:
        left, right = (f"a {paint} {shape}" for paint, shape in zip(self.paints, self.shapes, strict=True))
        return f"{left} beside {right} on {self.ground}"


def scenes() -> list[Scene]:
    """Scenes of which no two have the same two shapes, or the same colours."""
    chance = seeded(SEED)
    shapes = chance.sample(list(permutations(SHAPES, 2)), PICTURES)
    colours = chance.sample(list(product(combinations(PAINTS, 2), GROUNDS)), PICTURES)
    return [Scene(pair, paints, ground) for pair, (paints, ground) in zip(shapes, colours, strict=True)]


def draw(scene: Scene, chance: random.Random, noise: int = 0) -> Image.Image:
    """Draw ``scene`` with each shape a little off its place; ``noise`` is how far each pixel may be off."""
    picture = Image.new("RGB", (SIDE, SIDE), COLOURS[scene.ground])
    for x, kind, paint in zip((SIDE * 0.27, SIDE * 0.73), scene.shapes, scene.paints, strict=True):
        at = (x + chance.uniform(-2, 2), SIDE / 2 + chance.uniform(-2, 2))
        shape(ImageDraw.Draw(picture), kind, at, SIDE * chance.uniform(0.19, 0.20), COLOURS[paint])
    if not noise:
        return picture
    off = np.random.default_rng(chance.getrandbits(32)).integers(-noise, noise + 1, (SIDE, SIDE, 3))
    return Image.fromarray((np.asarray(picture, np.int16) + off).clip(0, 255).astype(np.uint8))


def shape(pen: ImageDraw.ImageDraw, kind: str, at: Point, r: float, ink: tuple[int, int, int]) -> None:
    """Draw one shape of "radius" ``r`` around ``at``."""
    x, y = at
    box = (x - r, y - r, x + r, y + r)
    match kind:
        case "circle":
            pen.ellipse(box, fill=ink)
        case "ring":
            pen.ellipse(box, outline=ink, width=round(r / 3.5))
        case "square":
            pen.rectangle(box, fill=ink)
        case "triangle":
            pen.polygon([(x, y - r), (x + r, y + r), (x - r, y + r)], fill=ink)
        case "cross":
            pen.rectangle((x - r, y - r / 4, x + r, y + r / 3.5), fill=ink)
            pen.rectangle((x - r / 4, y - r, x + r / 4, y + r), fill=ink)
        case _:
            for rung in (-0.8, -0.2, 0.4):
                pen.rectangle((x - r, y + rung * r, x + r, y + (rung + 0.3) * r), fill=ink)
            for rail in (-0.7, 0.5):
                pen.rectangle((x + rail * r, y - r, x + (rail + 0.2) * r, y + r), fill=ink)


def seeded(seed: int) -> random.Random:
    """Chance that is the same every time."""
    return random.Random(seed)  # noqa: S311  # pictures, not secrets


def crooked(scene: Scene, seed: int) -> Image.Image:
    """The scene as somebody else would draw it: a little elsewhere, of another size, and grainy."""
    return draw(scene, seeded(seed), noise=24)


def save_index(folder: Path, kind: str, names: list[str], vectors: list[Vector]) -> None:
    """Write one index: the name and the vector of each picture."""
    np.savez(folder / f"{kind}.npz", names=np.asarray(names), vectors=np.stack(vectors))


def main() -> None:
    """Write pictures, captions, the query and the index."""
    media, index = HERE / "media", HERE / "index"
    media.mkdir(exist_ok=True)
    index.mkdir(exist_ok=True)
    chance, every = seeded(SEED), scenes()
    for scene in every:
        draw(scene, chance).save(media / f"{scene.name}.png", optimize=True)
    (media / "captions.txt").write_text(
        "".join(f"{scene.name}: {scene.caption}\n" for scene in every), encoding="utf-8"
    )
    crooked(every[4], SEED).save(media / "query.jpg", quality=80)
    names = [scene.name for scene in every]
    looks = thumbnail.map([hr.Png(media / f"{name}.png") for name in names])
    save_index(index, "colours", names, colours.map(looks))
    save_index(index, "edges", names, edges.map(looks))
    save_index(index, "captions", names, [letter_groups(scene.caption) for scene in every])
    print(f"{len(names)} pictures; the query is {every[4].caption}")


if __name__ == "__main__":
    main()

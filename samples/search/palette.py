"""The colours and shapes that this gallery knows by name. Plain data."""

COLOURS = {
    "red": (200, 40, 40),
    "green": (40, 150, 60),
    "blue": (40, 70, 190),
    "yellow": (230, 200, 40),
    "purple": (130, 50, 150),
    "white": (245, 245, 240),
    "grey": (128, 128, 128),
    "black": (20, 20, 25),
}
"""Name and RGB of each bin of the colour histogram, in the order of its axis."""

PAINTS = ("red", "green", "blue", "yellow", "purple")
GROUNDS = ("white", "grey", "black")
SHAPES = ("circle", "ring", "square", "triangle", "cross", "ladder")

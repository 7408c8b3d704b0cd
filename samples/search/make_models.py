"""Make the two picture models: a colour histogram and an edge histogram as ONNX. Nothing is trained and nothing is random."""

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from palette import COLOURS

MODELS = Path(__file__).parent / "models"
SIDE, CELLS = 64, 8
SHARPNESS = 40.0  # how much a pixel belongs to the nearest colour alone
DIRECTIONS = 4

Weights: TypeAlias = dict[str, NDArray[Any]]


def colours() -> onnx.ModelProto:
    """Each pixel is shared among the colours of the palette by its distance to them; the shares of all pixels are averaged."""
    palette = np.asarray(list(COLOURS.values()), np.float32) / 255
    weights: Weights = {
        # |p - c|^2 is |c|^2 - 2 p.c plus what is the same for every colour, which softmax takes no notice of.
        "colour": (2 * SHARPNESS * palette.T).astype(np.float32),
        "offset": np.asarray(-SHARPNESS * np.square(palette).sum(axis=1), np.float32),
        "over": np.asarray([1, 2], np.int64),
    }
    nodes = [
        helper.make_node("MatMul", ["pixels", "colour"], ["near"]),
        helper.make_node("Add", ["near", "offset"], ["nearer"]),
        helper.make_node("Softmax", ["nearer"], ["shares"], axis=-1),
        helper.make_node("ReduceMean", ["shares", "over"], ["vector"], keepdims=0),
    ]
    return model("colours", nodes, weights, len(COLOURS))


def edges() -> onnx.ModelProto:
    """The strength of edges, whatever their sign, in four directions and 8 x 8 cells."""
    cell = SIDE // CELLS
    weights: Weights = {
        "grey": np.asarray([0.299, 0.587, 0.114], np.float32).reshape(3, 1),
        "kernels": kernels(),
        "margin": np.asarray([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        "flat": np.asarray([0, -1], np.int64),
        "along": np.asarray([1], np.int64),
        "least": np.asarray(1e-3, np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["pixels", "grey"], ["light"]),
        helper.make_node("Transpose", ["light"], ["image"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["image"], ["soft"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["soft", "kernels"], ["slopes"]),
        helper.make_node("Abs", ["slopes"], ["strengths"]),
        helper.make_node("Pad", ["strengths", "margin"], ["whole"]),
        helper.make_node("AveragePool", ["whole"], ["cells"], kernel_shape=[cell, cell], strides=[cell, cell]),
        helper.make_node("Reshape", ["cells", "flat"], ["long"]),
        helper.make_node("ReduceL2", ["long", "along"], ["length"], keepdims=1),
        helper.make_node("Max", ["length", "least"], ["divisor"]),
        helper.make_node("Div", ["long", "divisor"], ["vector"]),
    ]
    return model("edges", nodes, weights, DIRECTIONS * CELLS * CELLS)


def kernels() -> NDArray[np.float32]:
    """Sobel's slope of the light, turned to 0, 45, 90 and 135 degrees: float32 ``[4, 1, 3, 3]``."""
    across = np.asarray([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)
    slanted = np.asarray([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], np.float32)
    return np.stack([across, slanted, across.T, slanted[::-1]])[:, None]


def model(name: str, nodes: list[NodeProto], weights: Weights, width: int) -> onnx.ModelProto:
    """A model from ``thumbnail`` (uint8 ``batch h w c``) to ``vector`` (float32 ``batch d``); ``nodes`` begin at ``pixels``, 0 to 1."""
    scale: Weights = {"white": np.asarray(255, np.float32)}
    begin = [
        helper.make_node("Cast", ["thumbnail"], ["bytes"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["bytes", "white"], ["pixels"]),
    ]
    inputs = [helper.make_tensor_value_info("thumbnail", TensorProto.UINT8, ["batch", SIDE, SIDE, 3])]
    outputs = [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", width])]
    constants = [numpy_helper.from_array(value, key) for key, value in (scale | weights).items()]
    graph = helper.make_graph([*begin, *nodes], name, inputs, outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9, producer_name="headrace")
    onnx.checker.check_model(made, full_check=True)
    return made


def main() -> None:
    """Write both models."""
    MODELS.mkdir(exist_ok=True)
    for made in (colours(), edges()):
        onnx.save(made, MODELS / f"{made.graph.name}.onnx")
        print(f"{made.graph.name}.onnx: {made.ByteSize()} bytes")


if __name__ == "__main__":
    main()

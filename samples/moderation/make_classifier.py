"""Train the classifier of tones on examples.txt, draw the pictures, and note which are refused. Always the same."""

import json
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw

import pictures
import tone

HERE = Path(__file__).parent
STEPS, RATE, DECAY = 400, 4.0, 1e-3

Floats: TypeAlias = NDArray[np.float32]


def examples() -> list[tuple[str, str]]:
    """Tone and text of each example."""
    lines = (HERE / "examples.txt").read_text(encoding="utf-8").splitlines()
    return [(said, text) for said, text in (line.split(": ", 1) for line in lines)]


def train(labelled: list[tuple[str, str]]) -> tuple[Floats, Floats]:
    """Logistic regression by plain gradient descent: weights ``[512, 3]`` and offsets ``[3]``, float32."""
    given = np.stack([tone.counts(text) for _, text in labelled]).astype(np.float64)
    wanted = np.stack([np.asarray([each == said for each in tone.TONES], np.float64) for said, _ in labelled])
    weights, offsets = np.zeros((tone.PLACES, len(tone.TONES))), np.zeros(len(tone.TONES))
    for _ in range(STEPS):
        raised = np.exp(given @ weights + offsets)
        off = (raised / raised.sum(axis=1, keepdims=True) - wanted) / len(labelled)
        weights -= RATE * (given.T @ off + DECAY * weights)
        offsets -= RATE * off.sum(axis=0)
    return weights.astype(np.float32), offsets.astype(np.float32)


def model(weights: Floats, offsets: Floats) -> onnx.ModelProto:
    """The classifier as ONNX: ``counts`` (``batch 512``) to ``scores`` (``batch 3``)."""
    inputs = [helper.make_tensor_value_info("counts", TensorProto.FLOAT, ["batch", tone.PLACES])]
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", len(tone.TONES)])]
    nodes = [
        helper.make_node("Gemm", ["counts", "weights", "offsets"], ["raised"]),
        helper.make_node("Softmax", ["raised"], ["scores"], axis=-1),
    ]
    constants = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(offsets, "offsets")]
    graph = helper.make_graph(nodes, "tone", inputs, outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9, producer_name="headrace")
    onnx.checker.check_model(made, full_check=True)
    return made


def garden() -> Image.Image:
    """A picture that nobody minds: a lawn with flowers under the sky."""
    picture = Image.linear_gradient("L").resize((160, 120)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 70, 160, 120), fill=(70, 140, 60))
    for x in range(12, 160, 24):
        pen.ellipse((x, 80 + x % 5 * 5, x + 10, 90 + x % 5 * 5), fill=(220, 60, 90))
    return picture


def poster() -> Image.Image:
    """A picture that was refused before."""
    picture = Image.new("RGB", (320, 240), (240, 230, 200))
    pen = ImageDraw.Draw(picture)
    pen.polygon([(20, 220), (120, 30), (200, 220)], fill=(150, 30, 30))
    pen.rectangle((210, 40, 300, 120), fill=(30, 30, 60))
    pen.ellipse((220, 140, 290, 220), fill=(90, 90, 30))
    return picture


def save_media(folder: Path) -> None:
    """Attachments: a good picture, a small copy of a refused one, one that is cut short, and what is no picture."""
    garden().save(folder / "garden.png", optimize=True)
    poster().resize((200, 150)).save(folder / "poster.jpg", quality=40)
    whole = folder / "cut.jpg"
    garden().save(whole, quality=90)
    whole.write_bytes(whole.read_bytes()[:1500])
    (folder / "letter.txt").write_text("Dear all,\nthis is no picture.\n", encoding="utf-8")


def main() -> None:
    """Write models and media."""
    weights, offsets = train(examples())
    np.savez(tone.MODELS / "tone.npz", weights=weights, offsets=offsets)
    onnx.save(model(weights, offsets), tone.MODELS / "tone.onnx")
    refused = {"poster": f"{pictures.fingerprint(poster()):016x}"}
    (tone.MODELS / "refused.json").write_text(json.dumps(refused, indent=2) + "\n", encoding="utf-8")
    save_media(HERE / "media")


if __name__ == "__main__":
    main()

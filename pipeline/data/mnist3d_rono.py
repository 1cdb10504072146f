"""3D MNIST as RONO uses it, from files that the user puts into a folder."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.progress import Progress
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.data.base import Dataset, Served, read_labels
from pipeline.data.base.extrusion import point_clouds
from pipeline.samples.base.arrays import read_array

SIZES = {"train": 5000, "test": 1000}
CLASSES = 10
MNIST = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
AUTHORS = {name: (f"{name}_img_feat.npy", f"{name}_pt_feat.npy", f"{name}_ori_label.npy") for name in SIZES}
NESTED = "3D_MNIST"
MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist"
RONO = "https://raw.githubusercontent.com/penghu-cs/RONO/0580fdf84630c858a9214935f327fc8a6f5d1857/datasets/3D_MNIST"
GZIPPED = {
    "train-images-idx3-ubyte": (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    "train-labels-idx1-ubyte": (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    "t10k-images-idx3-ubyte": (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    "t10k-labels-idx1-ubyte": (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
}
LABELS = {
    "train_ori_label.npy": "18614aa0f46e9de566ed08c57865104a50d0352129598f3c4176284b8e7da066",
    "train_label_20.npy": "003c2e63dfd85a557f7a274abb421f435f4d361966da3561efb09fcb3fd9cd6e",
    "train_label_40.npy": "149c04bc171623fc2a5ce78cb508ce9f73e8aff38cee325b3ad225c53c4c5919",
    "train_label_60.npy": "08fc7c8cec89a941a930800d3c8c32463718efbc1a874370c1211b1a8a90cc90",
    "train_label_80.npy": "0c37a0a134dbe043e8d58b45db7b925349b3ebd6f940358e901f53bd5f9e7923",
}
LABELS_SIZE = 40128
UBYTE = 8
Part = tuple[Array, Array | None, Array]
"""Of one split: pictures, point features where the authors give them, labels."""


def places(name: str) -> tuple[str, ...]:
    """Where a file may stand; the authors' loader also looks into a nested folder, MNIST comes with .gz."""
    return name, f"{NESTED}/{name}", f"{name}.gz"


class Mnist3dRono(Dataset):
    """The protocol of RONO (CVPR 2023): MNIST train[0:5000] and test[0:1000], no validation split.

    folder holds the authors' .npy files, or MNIST's idx files, plain or .gz; the former go first. Each split's
    order is kept, because recorded labels follow it. image: h x w uint8, 28 x 28 from MNIST.
    cloud: from MNIST points x 3 float32 by the recipe of 3D MNIST, drawn from (seed, id) alone; from the authors
    their d features of the cloud (2048 from their DGCNN), a view of kind 'features' in which seed and points
    have no part.
    """

    display = "3D-MNIST"
    task = "image-point cloud"
    source = "MNIST (LeCun, Cortes, Burges), the digits that RONO (github.com/penghu-cs/RONO) takes from 3D MNIST"
    licence = "MNIST: CC BY-SA 3.0; RONO's files: no licence stated"

    served = (
        *(
            Served(f"{name}.gz", f"{MIRROR}/{name}.gz", size, sha256, (name, AUTHORS["train"][0], AUTHORS["test"][0]))
            for name, (size, sha256) in GZIPPED.items()
        ),
        *(Served(name, f"{RONO}/{name}", LABELS_SIZE, sha256) for name, sha256 in LABELS.items()),
    )
    reads = (
        *(place for names in (*MNIST.values(), *AUTHORS.values()) for name in names for place in places(name)),
        *LABELS,
        "train_label_*.npy",
    )

    def __init__(self, folder: Path, seed: NonNegativeInt, points: PositiveInt) -> None:
        self.folder = folder
        self.seed = seed
        self.points = points

    def load(self, progress: Progress) -> RawDataset:
        shipped = any(self._at(name) for files in AUTHORS.values() for name in files[:2])
        parts = [self._authors(split) if shipped else self._mnist(split) for split in SIZES]
        pictures = self._joined([part[0] for part in parts])
        ids = [f"{split}-{row:04d}" for split, size in SIZES.items() for row in range(size)]
        features = [part[1] for part in parts if part[1] is not None]
        if features:
            cloud = RawView("features", self._joined(features))
            progress(len(ids), len(ids))
        else:
            draws = (generator(self.seed, "mnist3d_rono", "points", name) for name in ids)
            cloud = RawView("cloud", point_clouds(pictures, self.points, draws, progress))
        return RawDataset(
            ids=ids,
            views={"image": RawView("image", pictures), "cloud": cloud},
            labels=np.concatenate([part[2] for part in parts]),
            split=np.repeat(list(SIZES), list(SIZES.values())),
            concept=ids,
            class_names=[str(digit) for digit in range(CLASSES)],
        )

    def _joined(self, arrays: list[Array]) -> Array:
        shapes = [" x ".join(map(str, array.shape[1:])) for array in arrays]
        if len(set(shapes)) != 1:
            problem = f"training samples of {shapes[0]} numbers, test samples of {shapes[1]}"
            raise BadInput(problem, str(self.folder), "put files of one origin there")
        return np.concatenate(arrays)

    def _at(self, name: str) -> Path | None:
        return next((self.folder / place for place in places(name) if (self.folder / place).is_file()), None)

    def _needed(self, name: str) -> Path:
        """Where a file stands, or what to put where."""
        file = self._at(name)
        if file is None:
            mnist = ", ".join(file for files in MNIST.values() for file in files)
            raise MissingFiles(
                f"{name} is missing",
                str(self.folder),
                f"put MNIST's {mnist} (plain or .gz) into this folder, and train_ori_label.npy and "
                "train_label_20.npy, _40, _60, _80 from datasets/3D_MNIST of github.com/penghu-cs/RONO, or instead of "
                "MNIST all the .npy files that its README links, {train,test}_{img_feat,pt_feat,ori_label}.npy",
            )
        return file

    def _mnist(self, split: str) -> Part:
        images, labels = (self._needed(name) for name in MNIST[split])
        pictures, digits = read_idx(images, 3), read_idx(labels, 1)
        if len(pictures) != len(digits) or len(digits) < SIZES[split] or digits.max() >= CLASSES:
            raise BadInput(
                f"{len(pictures)} pictures and {len(digits)} labels up to {digits.max(initial=0)}, where the protocol "
                f"takes the first {SIZES[split]} of {CLASSES} classes",
                f"{images} and {labels.name}",
                "put both files of MNIST there",
            )
        return pictures[: SIZES[split]], None, digits[: SIZES[split]].astype(np.int64)

    def _authors(self, split: str) -> Part:
        images, points, labels = (self._needed(name) for name in AUTHORS[split])
        pictures, features = read_array(images), read_array(points)
        for file, array, dimensions in ((images, pictures, 3), (points, features, 2)):
            if array.ndim != dimensions or len(array) != SIZES[split]:
                raise BadInput(
                    f"an array of {' x '.join(map(str, array.shape))} has not {SIZES[split]} rows of "
                    f"{dimensions - 1} dimensions",
                    str(file),
                    "put the authors' file there",
                )
        return _grey(pictures, images), features.astype(np.float32), read_labels(labels, SIZES[split], CLASSES)


def _grey(pictures: Array, file: Path) -> Array:
    """Pictures with values in 0..255, or those divided by 255 -> uint8; nothing may be lost on the way."""
    scaled = pictures * 255.0 if pictures.dtype.kind == "f" and pictures.max() <= 1 else pictures.astype(np.float64)
    grey = np.rint(np.clip(scaled, 0, 255))
    if not np.isfinite(scaled).all() or (np.abs(grey - scaled) > 1e-3).any():
        raise BadInput(
            "the pictures have other values than 0..255, or 0..255 divided by 255", str(file), "undo their scaling"
        )
    return grey.astype(np.uint8)


def read_idx(file: Path, dimensions: int) -> Array:
    """The unsigned bytes of an idx file, plain or .gz; its magic number and size must be exact."""
    again = "download the file again"
    try:
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error):
        raise BadInput("the file cannot be unpacked", str(file), again) from None
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes((0, 0, UBYTE, dimensions)):
        raise BadInput(f"this is no idx file of unsigned bytes in {dimensions} dimensions", str(file), again)
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise BadInput(f"{len(content) - start} bytes where its header says {math.prod(shape)}", str(file), again)
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)

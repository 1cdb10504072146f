"""What ModelNet10 and ModelNet40 have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt

from pipeline.core.datasets import RawDataset, RawView
from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.progress import Progress
from pipeline.core.seeds import generator
from pipeline.data.base import Dataset
from pipeline.data.base.archives import unpack
from pipeline.samples.base.clouds import cloud_of_mesh
from pipeline.samples.base.meshes import read_off, render

SPLITS = ("train", "test")
LIMIT = 1 << 36
"""Bytes that an archive may unpack to."""


class ModelNet(Dataset):
    """Meshes of Wu et al. (3D ShapeNets, CVPR 2015) as one picture and one point cloud each, in the authors' split.

    folder holds <release>/<class>/train/*.off and <release>/<class>/test/*.off, or <release>.zip, which is unpacked;
    all shapes that are there are taken, in the order split, class, file name. No validation split.
    cloud: points x 3 float32, drawn uniformly from the surface, centred, longest extent 1; image: side x side uint8,
    a grey parallel projection on white from azimuth and elevation (degrees), the third axis up. A shape's draws
    depend on (seed, id) alone; its id is its path below the release.

    Adaptation: RONO (CVPR 2023, branch ModelNet of github.com/penghu-cs/RONO) averages the features of two of 180
    rendered views of 112 x 112; here every shape has one view, and pixels that this renderer computes.
    """

    task = "image-point cloud"
    source = "Wu et al., 3D ShapeNets: A Deep Representation for Volumetric Shapes (modelnet.cs.princeton.edu)"
    licence = "for research, no licence stated; the shapes belong to those who made them"
    class_names: Sequence[str]
    """Sorted, as their folders are called."""
    release: str
    """Name of the archive and of the folder in it."""

    def __init__(
        self,
        folder: Path,
        seed: NonNegativeInt,
        points: PositiveInt,
        side: PositiveInt,
        azimuth: Annotated[float, Field(ge=-360, le=360)],
        elevation: Annotated[float, Field(ge=-90, le=90)],
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.points = points
        self.side = side
        self.azimuth = azimuth
        self.elevation = elevation
        roots = (self.release, f"{self.release}/{self.release}")
        shapes = [f"{root}/{name}/{split}/*.off" for root in roots for name in self.class_names for split in SPLITS]
        self.reads = (f"{self.release}.zip", *shapes)

    def load(self, progress: Progress) -> RawDataset:
        root = self._root()
        shapes = [
            (file, split, label)
            for split in SPLITS
            for label, name in enumerate(self.class_names)
            for file in self._files(root / name / split)
        ]
        ids = [file.relative_to(root).with_suffix("").as_posix() for file, _, _ in shapes]
        pictures = np.empty((len(ids), self.side, self.side), dtype=np.uint8)
        clouds = np.empty((len(ids), self.points, 3), dtype=np.float32)
        for row, (name, (file, _, _)) in enumerate(zip(ids, shapes, strict=True)):
            mesh = read_off(file)
            points, picture = (generator(self.seed, self.release, kind, name) for kind in ("points", "picture"))
            clouds[row] = cloud_of_mesh(*mesh, self.points, points, file)
            pictures[row] = render(*mesh, self.side, self.azimuth, self.elevation, picture, file)
            progress(row + 1, len(ids))
        return RawDataset(
            ids=ids,
            views={"image": RawView("image", pictures), "cloud": RawView("cloud", clouds)},
            labels=np.array([label for _, _, label in shapes], dtype=np.int64),
            split=np.array([split for _, split, _ in shapes]),
            concept=ids,
            class_names=self.class_names,
        )

    def _root(self) -> Path:
        """The folder of the classes; that of an archive has one of the same name around it."""
        root = self.folder / self.release
        archive = self.folder / f"{self.release}.zip"
        if not root.exists() and archive.is_file():
            unpack(archive, root, LIMIT)
        if not root.is_dir():
            raise MissingFiles(
                f"{self.release} is missing",
                str(self.folder),
                f"put {self.release}.zip of modelnet.cs.princeton.edu into this folder, or what it holds: "
                f"{self.release}/<class>/train/*.off and {self.release}/<class>/test/*.off",
            )
        inner = root / self.release
        return inner if inner.is_dir() else root

    def _files(self, place: Path) -> list[Path]:
        files = sorted(place.glob("*.off"))
        if not files:
            problem = f"it holds no .off file, so class '{place.parent.name}' has no {place.name} samples"
            raise BadInput(problem, str(place), f"copy all {len(self.class_names)} classes of {self.release} again")
        return files

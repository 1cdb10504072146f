"""ModelNet10, from meshes that the user puts into a folder."""

from __future__ import annotations

from pipeline.data.base.modelnet import ModelNet

NAMES = "bathtub bed chair desk dresser monitor night_stand sofa table toilet"


class ModelNet10(ModelNet):
    """10 classes; published are 3991 training and 908 test shapes.

    The base class says the rest.
    """

    display = release = "ModelNet10"
    class_names = tuple(NAMES.split())

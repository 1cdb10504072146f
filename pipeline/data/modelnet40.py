"""ModelNet40, from meshes that the user puts into a folder."""

from __future__ import annotations

from pipeline.data.base.modelnet import ModelNet

NAMES = (
    "airplane bathtub bed bench bookshelf bottle bowl car chair cone cup curtain desk door dresser "
    "flower_pot glass_box guitar keyboard lamp laptop mantel monitor night_stand person piano plant "
    "radio range_hood sink sofa stairs stool table tent toilet tv_stand vase wardrobe xbox"
)


class ModelNet40(ModelNet):
    """40 classes; published are 9843 training and 2468 test shapes (RONO's code says 9840).

    The base class says the rest.
    """

    display = release = "ModelNet40"
    class_names = tuple(NAMES.split())

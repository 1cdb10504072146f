"""One vector per text or picture from a model of the library transformers, pooled as its kind asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.features.base import pretrained
from pipeline.features.base.imagenet import three_channels
from pipeline.samples.base import Samples

UNLIMITED = 10**6
"""A tokenizer without a limit of its own says more tokens than that."""


@torch.inference_mode()
def encode_texts(
    folder: Path,
    texts: Sequence[str],
    prefix: str,
    batch_size: int,
    device: torch.device,
    progress: Progress,
    extra: str = "transformers",
) -> Array:
    """n texts -> n x d float32 of length 1. prefix: put before every text; what is too long for the model is cut off.

    Models of texts and pictures (CLIP, SigLIP) give their projection into the common space. Others give the mean over
    the tokens or, where the folder's 1_Pooling/config.json says so, the first token.
    """
    library = pretrained.library(extra)
    model = pretrained.load(folder, device, library)
    cut = pretrained.tokenizer(folder, library)
    projects, kind = hasattr(model, "get_text_features"), model.config.model_type
    if not projects and (model.main_input_name != "input_ids" or model.config.is_encoder_decoder):
        raise BadInput(f"a model of kind '{kind}' reads no texts", str(folder), "choose another one for this view")
    first = _first_token(folder)
    padding = "max_length" if kind.startswith("siglip") else "longest"  # SigLIP is trained so, without a mask
    length = _longest(folder, model, cut)

    def rows() -> Iterator[Tensor]:
        for batch in _batches(texts, batch_size, progress):
            tokens = cut(
                [prefix + text for text in batch],
                padding=padding,
                truncation=True,
                max_length=length,
                return_tensors="pt",
            ).to(device)
            if projects:
                yield model.get_text_features(**tokens).pooler_output
            else:
                states = model(**tokens).last_hidden_state
                yield states[:, 0] if first else _mean(states, tokens["attention_mask"])

    return _units(rows())


@torch.inference_mode()
def encode_pictures(folder: Path, pictures: Array, batch_size: int, device: torch.device, progress: Progress) -> Array:
    """n x h x w (x 3) uint8 -> n x d float32 of length 1; grey pictures are repeated to three channels.

    Models of texts and pictures give their projection. Others give the class token (DINO, ViT), or the mean over
    patches where they have none.
    """
    library = pretrained.library("transformers")
    model = pretrained.load(folder, device, library)
    prepare = pretrained.image_processor(folder, library)
    projects, kind = hasattr(model, "get_image_features"), model.config.model_type
    if not projects and model.main_input_name != "pixel_values":
        raise BadInput(f"a model of kind '{kind}' reads no pictures", str(folder), "choose another one for this view")
    first = any(name.endswith("cls_token") for name, _ in model.named_parameters())

    def rows() -> Iterator[Tensor]:
        for batch in _batches(pictures, batch_size, progress):
            colour = list(three_channels(np.asarray(batch), torch.device("cpu")).byte())
            pixels = prepare(images=colour, return_tensors="pt", input_data_format="channels_first")["pixel_values"]
            if projects:
                yield model.get_image_features(pixel_values=pixels.to(device)).pooler_output
            else:
                states = model(pixel_values=pixels.to(device)).last_hidden_state
                patches = states.flatten(2).mT if states.ndim == 4 else states
                yield patches[:, 0] if first else patches.mean(dim=1)

    return _units(rows())


def _first_token(folder: Path) -> bool:
    """Whether the first token stands for a text; else the mean over all does. Raises BadInput for other poolings."""
    place = "1_Pooling/config.json"
    asked = pretrained.settings(folder, place).items()
    modes = {name for name, on in asked if name.startswith("pooling_mode_") and on}
    if len(modes) > 1 or modes - {"pooling_mode_cls_token", "pooling_mode_mean_tokens"}:
        problem = f"it asks for {' and '.join(sorted(modes))}"
        raise BadInput(problem, str(folder / place), "choose a model that takes the mean or the first token")
    return "pooling_mode_cls_token" in modes


def _longest(folder: Path, model: Any, cut: Any) -> int:
    """Tokens of the longest text; of positions two are taken off, for some models count from two."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", UNLIMITED)
    own = cut.model_max_length if cut.model_max_length < UNLIMITED else positions - 2
    return int(min(own, pretrained.settings(folder, "sentence_bert_config.json").get("max_seq_length") or own))


def _batches(samples: Samples, size: int, progress: Progress) -> Iterator[Samples]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]
        progress(min(start + size, len(samples)), len(samples))


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    """n x t x d, n x t -> n x d: the mean over the tokens that are no padding."""
    weight = mask[:, :, None].to(states.dtype)
    return (states * weight).sum(dim=1) / weight.sum(dim=1)


def _units(rows: Iterator[Tensor]) -> Array:
    array: Array = torch.cat([F.normalize(row.float()).cpu() for row in rows]).numpy()
    return array

"""Models of a few thousand random weights, stored as the library transformers stores large ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "red",
    "green",
    "apple",
    "pear",
    "dog",
    "cat",
    "猫",
    "狗",
    "query",
    ":",
]
LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 8, "intermediate_size": 16}
SIDE = 16


def write(folder: Path, kind: str) -> Path:
    """A folder with a model of a kind (bert, clip, siglip, dinov2) and what prepares its samples.

    Skips the test where the library is not installed.
    """
    transformers = pytest.importorskip("transformers", reason="the extra [transformers] is not installed")
    torch = pytest.importorskip("torch")
    vision = LAYERS | {"image_size": SIDE, "patch_size": 8}
    text = LAYERS | {"vocab_size": len(WORDS), "max_position_embeddings": 12, "pad_token_id": 0}
    marks = {"bos_token_id": 2, "eos_token_id": 3}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = {
            "bert": lambda: transformers.BertModel(transformers.BertConfig(**text)),
            "dinov2": lambda: transformers.Dinov2Model(transformers.Dinov2Config(**vision)),
            "clip": lambda: transformers.CLIPModel(
                transformers.CLIPConfig(text_config=text | marks, vision_config=vision, projection_dim=6)
            ),
            "siglip": lambda: transformers.SiglipModel(
                transformers.SiglipConfig(text_config=text | marks, vision_config=vision)
            ),
        }[kind]()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    if kind != "dinov2":
        (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
        transformers.BertTokenizer(str(folder / "vocab.txt"), model_max_length=12).save_pretrained(folder)
    if kind != "bert":
        processor = {"size": {"height": SIDE, "width": SIDE}, "image_processor_type": "SiglipImageProcessor"}
        (folder / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    return folder

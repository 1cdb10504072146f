"""Models in folders, as the library transformers stores them: read without network, pickles or anybody's code."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.files import sha256
from pipeline.features.base.optional import package
from pipeline.features.base.state import Weights

UNREAD = "pooler."
"""Begin of the names of tensors that a checkpoint may lack: a layer behind the tokens, which nothing here reads."""
MADE_OF = (".safetensors", ".json", ".txt", ".model")
"""Suffixes of the files that decide what a model gives."""
SAVE = "save model, tokenizer and image processor there with their save_pretrained"


def library(extra: str) -> Any:
    """The package transformers, kept off the network and silent. extra: the one of pyproject.toml that brings it."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    transformers = package("transformers", extra)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers


def load(folder: Path, device: torch.device, transformers: Any) -> Any:
    """The model of a folder, ready to be asked.

    Raises MissingFiles for a folder without a model, BadInput for one that is of no known kind, is stored as a pickle
    or lacks weights, which the library would draw at random.
    """
    kind = settings(folder).get("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        problem = f"transformers {transformers.__version__} knows no models of kind '{kind}'"
        raise BadInput(problem, str(folder), "choose a model that needs no code of its own")
    if not list(folder.glob("*.safetensors")):
        raise MissingFiles("there is no .safetensors file, and pickled weights are not opened", str(folder), SAVE)
    how = {"use_safetensors": True, "dtype": torch.float32, "output_loading_info": True}
    with torch.random.fork_rng(devices=[]):
        model, loaded = _opened("model", transformers.AutoModel, folder, **how)
    lacking = sorted(name for name in loaded["missing_keys"] if not name.startswith(UNREAD))
    if lacking:
        problem = f"{len(lacking)} tensors of the model are not in the file, the first is '{lacking[0]}'"
        raise BadInput(problem, str(folder), "copy the folder again")
    return model.eval().to(device)


def tokenizer(folder: Path, transformers: Any) -> Any:
    """What cuts texts into the model's tokens."""
    _needs(folder, ("tokenizer.json", "vocab.txt", "vocab.json"), "tokenizer")
    return _opened("tokenizer", transformers.AutoTokenizer, folder)


def image_processor(folder: Path, transformers: Any) -> Any:
    """What gives pictures the model's size and scale."""
    _needs(folder, ("preprocessor_config.json", "processor_config.json"), "image processor")
    return _opened("image processor", transformers.AutoImageProcessor, folder, backend="pil")


def settings(folder: Path, name: str = "config.json") -> dict[str, Any]:
    """A JSON file of the folder; empty where config.json is there and this one is not."""
    if not (folder / "config.json").is_file():
        raise MissingFiles("there is no model: config.json is missing", str(folder), SAVE)
    try:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise BadInput("it is not JSON", str(folder / name), "copy the folder again") from None
    return content if isinstance(content, dict) else {}


def weights(folder: Path, shipped_by: str) -> Weights:
    """SHA-256 over the weights and the settings beside them, empty where there are none."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in MADE_OF)
    listed = "".join(f"{file.relative_to(folder).as_posix()} {sha256(file)}\n" for file in files)
    return Weights(shipped_by, hashlib.sha256(listed.encode()).hexdigest() if files else "")


def _opened(part: str, kind: Any, folder: Path, **how: Any) -> Any:
    try:
        return kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **how)
    except Exception as error:  # the library raises almost anything for files that do not fit each other
        reason = str(error).partition("\n")[0] or type(error).__name__
        problem = f"transformers cannot read the {part} ({reason})"
        raise BadInput(problem, str(folder), "copy the folder again, whole") from None


def _needs(folder: Path, names: Sequence[str], part: str) -> None:
    if not any((folder / name).is_file() for name in names):
        raise MissingFiles(f"there is no {part} ({' or '.join(names)})", str(folder), SAVE)

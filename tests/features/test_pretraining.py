import numpy as np
import pytest
import torch

from pipeline.features.base.dgcnn_network import DGCNN, EMBEDDING
from pipeline.features.base.parametric_shapes import FAMILIES
from pipeline.features.base.pretraining import pretrain

TINY = {"shapes": 64, "held_out": 32, "points": 32, "batch_size": 16, "learning_rate": 3e-3}


def run(epochs=2, seed=0, **changes):
    return pretrain(**{**TINY, **changes}, epochs=epochs, seed=seed, progress=lambda done, total: None)


def test_the_loss_falls_from_chance():
    result = run(epochs=15)
    assert len(result.losses) == 60
    assert np.mean(result.losses[:2]) == pytest.approx(np.log(len(FAMILIES)), rel=0.2)
    assert np.mean(result.losses[-4:]) < 0.7 * np.mean(result.losses[:2])
    assert result.train_accuracy > 3 / len(FAMILIES)


def test_same_seed_same_bits_and_global_generator_untouched():
    before = torch.get_rng_state()
    one, same, other = run(), run(), run(seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert one.losses == same.losses != other.losses
    assert all(torch.equal(value, same.state[name]) for name, value in one.state.items())


def test_gives_the_network_without_its_classifier():
    state = run(epochs=1).state
    DGCNN(EMBEDDING).load_state_dict(state)
    assert not any("classifier" in name or "linear" in name for name in state)
    assert not any(value.requires_grad for value in state.values())


def test_held_out_shapes_change_nothing_but_their_score():
    one, other = run(epochs=1), run(epochs=1, held_out=16)
    assert one.losses == other.losses
    assert one.train_accuracy == other.train_accuracy


def test_reports_progress_up_to_the_end():
    seen = []
    pretrain(**TINY, epochs=1, seed=0, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(step, 4) for step in range(1, 5)]

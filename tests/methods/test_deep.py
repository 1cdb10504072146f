"""What a deep method may leave to the shared loop, and what it may take over: sums of terms, games of two players."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Optimisers, Step
from pipeline.learning.networks import MultiViewNetwork, mlp
from pipeline.methods.base.deep import Deep
from tests.support.paired import CLASSES, CPU, DIMS, run, split

TRAIN, VALID, TEST = split(60, 0), split(30, 1), split(30, 2)
SETTINGS = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "hidden": [8]}


@dataclass(kw_only=True, eq=False)
class TwoTerms(Deep[MultiViewNetwork]):
    """Pulls pairs together and keeps embeddings short. total: whether the loss adds the two terms up itself."""

    needs = frozenset({Need.LABELS})

    total: bool = False

    def build(self, dims: Mapping[str, int], classes: int) -> MultiViewNetwork:
        return MultiViewNetwork({view: mlp(dim, self.hidden, 4) for view, dim in dims.items()})

    def loss(self, batch: Batch, model: MultiViewNetwork, position: Step) -> dict[str, Tensor]:
        image, text = model(batch.views).values()
        terms = {"pairs": (image - text).square().mean(), "length": image.square().mean() + text.square().mean()}
        return terms | {"total": terms["pairs"] + terms["length"]} if self.total else terms


def test_a_loss_without_a_total_is_minimised_on_the_sum_of_its_terms() -> None:
    summed, written = (TwoTerms(**SETTINGS, total=total).fit(TRAIN, VALID, run()) for total in (False, True))
    assert summed.history == written.history
    for row in summed.history:
        assert row["loss/total"] == pytest.approx(row["loss/pairs"] + row["loss/length"], rel=1e-6)
    for criterion in (BEST_VALIDATION, LAST_EPOCH):
        states = (fitted.at(criterion).state() for fitted in (summed, written))
        for one, other in zip(*(state.values() for state in states), strict=True):
            np.testing.assert_array_equal(one, other)


class GameNetwork(MultiViewNetwork):
    """An encoder per view, and a discriminator that guesses the view of an embedding."""

    def __init__(self, dims: Mapping[str, int], hidden: list[int]) -> None:
        super().__init__({view: mlp(dim, hidden, 4) for view, dim in dims.items()})
        self.discriminator = mlp(4, hidden, len(dims))

    def guessed(self, views: Mapping[str, Tensor]) -> Tensor:
        """Cross-entropy of the discriminator."""
        embeddings = self(views).values()
        truth = torch.cat([torch.full((len(z),), number) for number, z in enumerate(embeddings)])
        return F.cross_entropy(self.discriminator(torch.cat(list(embeddings))), truth)


@dataclass(kw_only=True, eq=False)
class Game(Deep[GameNetwork]):
    """The encoders deceive the discriminator, which learns to see through them."""

    needs = frozenset({Need.LABELS})

    encoder_rate: float = 0.01
    discriminator_rate: float = 0.01

    def build(self, dims: Mapping[str, int], classes: int) -> GameNetwork:
        return GameNetwork(dims, self.hidden)

    def optimisers(self, model: GameNetwork) -> Optimisers:
        return [
            torch.optim.Adam(model.encoders.parameters(), lr=self.encoder_rate),
            torch.optim.SGD(model.discriminator.parameters(), lr=self.discriminator_rate),
        ]

    def step(self, batch: Batch, model: GameNetwork, optimisers: Optimisers, position: Step) -> dict[str, Tensor]:
        terms = {}
        for player, sign, optimiser in zip(("encoders", "discriminator"), (-1, 1), optimisers, strict=True):
            terms[player] = sign * model.guessed(batch.views)
            model.zero_grad()
            torch.autograd.backward(terms[player])
            optimiser.step()
        return terms


def weights(**rates: float) -> dict[str, np.ndarray]:
    return Game(**SETTINGS, **rates).fit(TRAIN, VALID, run()).at(LAST_EPOCH).state()


@pytest.mark.parametrize("player", ["encoder", "discriminator"])
def test_each_of_two_optimisers_steps_the_weights_of_its_own_player(player: str) -> None:
    played, still = weights(), weights(encoder_rate=0.0, discriminator_rate=0.0)
    alone = weights(**{"encoder_rate": 0.0, "discriminator_rate": 0.0} | {f"{player}_rate": 0.01})
    for name in still:
        assert not np.array_equal(played[name], still[name]), name
        assert np.array_equal(alone[name], still[name]) != name.startswith(player), name


def test_a_game_of_two_players_is_one_method_from_fit_to_transform() -> None:
    game = Game(**SETTINGS)
    fitted = game.fit(TRAIN, VALID, run())
    assert fitted.states == (BEST_VALIDATION, LAST_EPOCH)
    for row in fitted.history:
        assert {"loss/encoders", "loss/discriminator", "valid/mean"} <= row.keys()
    kept = fitted.at(BEST_VALIDATION)
    embeddings = kept.transform(TEST.views)
    again = game.restore(DIMS, CLASSES, kept.state(), CPU).transform(TEST.views)
    for view in DIMS:
        assert embeddings[view].shape == (len(TEST), 4)
        assert np.isfinite(embeddings[view]).all()
        np.testing.assert_array_equal(again[view], embeddings[view])

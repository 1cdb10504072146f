from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.core.errors import BadInput
from pipeline.features.base.dgcnn_network import DGCNN, OWN_WEIGHTS, edge_convolution, load
from pipeline.features.dgcnn import OWN, DGCNNFeatures
from tests.support.samples import project

CPU = torch.device("cpu")
CLOUDS = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 60, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def lively(embedding):
    """A network in evaluation whose batch-norm does something, with scales of both signs."""
    network = DGCNN(embedding).eval()
    for name, value in network.state_dict().items():
        if name.startswith("bn") and value.ndim:
            value.uniform_(0.5, 1.5) if name.endswith("running_var") else value.normal_()
    return network


def norm(state, layer, values):
    """... x C with the frozen batch-norm of a layer."""
    mean, variance, weight, bias = (
        state[f"bn{layer}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (values - mean) / torch.sqrt(variance + 1e-5) * weight + bias


def slow_features(state, cloud):
    """N x 3 -> 2 embedding, edge by edge: builds the N x k x 2C tensor and folds nothing."""
    x, levels = cloud, []
    for layer in (1, 2, 3, 4):
        neighbours = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").topk(20, largest=False).indices
        edges = torch.stack([torch.cat([x[row] - x[i], x[i].expand(20, -1)], 1) for i, row in enumerate(neighbours)])
        edges = norm(state, layer, edges @ state[f"conv{layer}.0.weight"].flatten(1).T)
        x = F.leaky_relu(edges, 0.2).max(dim=1).values
        levels.append(x)
    points = F.leaky_relu(norm(state, 5, torch.cat(levels, 1) @ state["conv5.0.weight"].flatten(1).T), 0.2)
    return torch.cat([points.max(dim=0).values, points.mean(dim=0)])


def extract(extractor, clouds=CLOUDS, seed=0):
    return extractor.fit(clouds, seed).transform(clouds, CPU, lambda done, total: None)


def stored(state, folder, name="weights.pt"):
    torch.save(state, folder / name)
    return str(folder / name)


@pytest.mark.parametrize("embedding", [8, 256])
def test_agrees_with_edge_by_edge(embedding):
    network = lively(embedding)
    for cloud in torch.from_numpy(CLOUDS):
        expected = slow_features(network.state_dict(), cloud)
        torch.testing.assert_close(network(cloud[None])[0], expected, rtol=1e-4, atol=1e-4)


def test_training_normalises_with_all_edges_of_the_batch():
    network, clouds = lively(8).double().train(), torch.from_numpy(CLOUDS).double()
    before = network.bn1.running_mean.clone(), network.bn1.running_var.clone()
    edges = []
    for cloud in clouds:
        neighbours = torch.cdist(cloud, cloud).topk(20, largest=False).indices
        edges += [torch.cat([cloud[row] - cloud[i], cloud[i].expand(20, -1)], 1) for i, row in enumerate(neighbours)]
    values = torch.cat(edges) @ network.conv1[0].weight.flatten(1).T
    network(clouds)
    torch.testing.assert_close(network.bn1.running_mean, 0.9 * before[0] + 0.1 * values.mean(dim=0))
    torch.testing.assert_close(network.bn1.running_var, 0.9 * before[1] + 0.1 * values.var(dim=0))


def test_gradients_in_training_are_those_of_batch_norm_over_the_edges():
    network, clouds = lively(8).double().train(), torch.from_numpy(CLOUDS).double()
    layer, norm_layer = network.conv1[0].weight, network.bn1
    target = torch.randn(3, 60, 64, dtype=torch.float64)
    neighbours = torch.cdist(clouds, clouds).topk(20, largest=False).indices
    near = torch.stack([cloud[row] for cloud, row in zip(clouds, neighbours, strict=True)])
    pairs = torch.cat([near - clouds[:, :, None], clouds[:, :, None].expand_as(near)], dim=3)
    parameters = [layer, norm_layer.weight, norm_layer.bias]

    def slow():
        edges = norm_layer((pairs @ layer.flatten(1).T).permute(0, 3, 1, 2))
        return F.leaky_relu(edges, 0.2).amax(dim=3).transpose(1, 2)

    results = []
    for values in (slow, lambda: edge_convolution(clouds, layer.flatten(1), norm_layer)):
        result = values()
        results.append((result.detach(), *torch.autograd.grad((result * target).sum(), parameters)))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_a_public_checkpoint_loads_whole(tmp_path):
    state = lively(1024).state_dict()
    published = {f"module.{name}": value for name, value in state.items()}
    published |= {f"module.conv{name[2]}.1.{name[4:]}": value for name, value in state.items() if name[:2] == "bn"}
    published |= {"module.linear1.weight": torch.zeros(512, 2048), "module.linear2.bias": torch.zeros(256)}
    published |= {"module.bn6.weight": torch.zeros(512), "module.bn7.running_mean": torch.zeros(256)}
    extractor = DGCNNFeatures(stored(published, tmp_path), points=60, batch_size=2)
    rows = extract(extractor)
    assert rows.shape == (3, 2048)
    assert extractor.display == "DGCNN"
    expected = [slow_features(state, cloud) for cloud in torch.from_numpy(CLOUDS)]
    torch.testing.assert_close(
        extractor.network_(torch.from_numpy(CLOUDS)), torch.stack(expected), rtol=1e-4, atol=1e-4
    )


def test_features_are_standardised_on_what_fit_sees():
    clouds = np.random.default_rng(2).uniform(-0.5, 0.5, (60, 30, 3)).astype(np.float32)
    extractor = DGCNNFeatures(None, points=30, batch_size=8)
    rows = extract(extractor, clouds)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-3)
    assert np.median(rows.std(axis=0)) == pytest.approx(1, abs=1e-3)
    assert rows.std(axis=0).max() < 1.001
    alone = extractor.transform(clouds[7:8], CPU, lambda done, total: None)[0]
    np.testing.assert_allclose(alone, rows[7], rtol=1e-4, atol=1e-4)


def test_batch_norm_under_its_other_name_alone(tmp_path):
    state = {
        name.replace("bn", "conv").replace(".", ".1.", 1) if name[:2] == "bn" else name: value
        for name, value in lively(8).state_dict().items()
    }
    assert "bn1.weight" not in state
    assert load(Path(stored(state, tmp_path))).bn5.num_features == 8


def test_the_committed_weights_are_small_and_used():
    settings = project().extractor_settings("dgcnn")
    assert settings["weights"] == OWN
    assert OWN_WEIGHTS.stat().st_size < 1_000_000
    own = DGCNNFeatures(settings["weights"], points=60, batch_size=2)
    random = DGCNNFeatures(None, points=60, batch_size=2)
    assert (own.display, random.display) == ("DGCNN (parametric shapes)", "DGCNN (random)")
    assert extract(own).shape == extract(random).shape == (3, 512)
    assert np.abs(extract(own) - extract(random)).max() > 0.1


def test_random_weights_come_from_the_seed():
    one, same, other = (extract(DGCNNFeatures(None, 60, 2), seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.allclose(one, other)


def test_the_order_of_points_does_not_matter():
    extractor = DGCNNFeatures(OWN, points=60, batch_size=2)
    shuffled = np.random.default_rng(1).permuted(np.arange(60))
    np.testing.assert_allclose(extract(extractor, CLOUDS[:, shuffled]), extract(extractor), rtol=1e-4, atol=1e-4)


def test_only_the_first_points_are_used():
    rows = extract(DGCNNFeatures(OWN, points=40, batch_size=2))
    assert np.array_equal(rows, extract(DGCNNFeatures(OWN, points=40, batch_size=2), CLOUDS[:, :40]))


def test_too_few_points_are_a_clear_error():
    with pytest.raises(BadInput, match=r"the clouds have 60 points, 61 are asked for; lower extractors\.dgcnn\.points"):
        extract(DGCNNFeatures(None, points=61, batch_size=2))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "there is no such file of weights"),
        (b"", "the weights cannot be read"),
        (b"not a checkpoint at all", "the weights cannot be read"),
        ([1, 2], "these are not the weights of a DGCNN"),
        ({"fc.weight": torch.zeros(2, 2)}, "these are not the weights of a DGCNN"),
        ({"conv5.0.weight": "text"}, "these are not the weights of a DGCNN"),
        (Path("harmless"), "the weights cannot be read"),
    ],
)
def test_a_bad_file_is_one_clear_sentence(tmp_path, content, sentence):
    file = tmp_path / "weights.pt"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        torch.save(content, file)
    with pytest.raises(BadInput) as caught:
        extract(DGCNNFeatures(str(file), points=60, batch_size=2))
    assert str(caught.value).startswith(f"{file}: {sentence}")
    assert "set extractors.dgcnn.weights in params.yaml to" in str(caught.value)


def test_a_truncated_or_incomplete_file_names_the_trouble(tmp_path):
    state = lively(8).state_dict()
    file = Path(stored(state, tmp_path))
    file.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(BadInput, match="the weights cannot be read"):
        load(file)
    for broken in ({**state, "bn3.weight": torch.zeros(7)}, {n: v for n, v in state.items() if n != "bn3.weight"}):
        with pytest.raises(BadInput, match=r"'bn3\.weight' is missing or has another shape"):
            load(Path(stored(broken, tmp_path)))

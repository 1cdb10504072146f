"""The first screen: the picture, and what three sentences say of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.readouts import COSINE, MATCH
from pipeline.records.reader import Records
from pipeline.reporting.figures.overview import overview_figure
from pipeline.reporting.page.overview import BEST, Contest, picture, sentences
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.claims import primary
from tests.reporting.conftest import DATASETS, METHODS, RATES, RONO, SEEDS, method, scoped
from tests.support.records import keep_match, write_claims, write_match

NOISE = "symmetric"
KLR = method("klr", "KLR", variants=("default", "mean"))
READ = {
    ("ce", "default"): (0.6, 0.32),
    ("mrl", "default"): (0.7, 0.65),
    ("sdml", "default"): (0.5, 0.4),
    ("klr", "default"): (0.65, 0.2),
    ("klr", "mean"): (0.3, 0.2),
}
FALLS = (
    "From symmetric label noise at rate 0.2 to 0.8, methods lose .050 (MRL) to .450 (KLR) of their MAP by match "
    "probability, in the median .100."
)
BASELINE = "KLR on each view's given label, without any network, reaches .650 and .200: number 4 of 5."


def read_out(folder: Path, values: Mapping[tuple[str, str], Sequence[float]] = READ, dataset: str = "emoji") -> Path:
    """Record MAP by match probability: entry -> a value per rate; seeds lie .01 apart, directions .02."""
    for name in dict.fromkeys(name for name, _ in values):
        rows = [
            {"variant": variant, "noise": NOISE, "rate": rate, "seed": seed, "direction": direction, "temperature": 0.1}
            | {"map": value + 0.01 * (seed - 1) + shift}
            for (entry, variant), maps in values.items()
            for rate, value in zip(RATES, maps, strict=True)
            for seed in SEEDS
            for direction, shift in (("image->text", 0.01), ("text->image", -0.01))
            if entry == name
        ]
        write_match(folder, dataset, name, rows)
    return folder


def results_of(folder: Path, rates: Sequence[float] = RATES, dataset: int = 0) -> Results:
    methods = [*METHODS, RONO, KLR]
    scope = replace(scoped(folder).scope, dataset=DATASETS[dataset], methods=methods, rates=rates)
    return Results(Records(folder), replace(scope, order=[info.name for info in methods]))


def contest(folder: Path, rates: Sequence[float] = RATES, dataset: int = 0) -> Contest:
    return Contest.of(Records(folder), results_of(folder, rates, dataset))


def said(folder: Path, rates: Sequence[float] = RATES) -> list[str]:
    claims = primary(Records(folder), ["emoji"], MATCH)
    return sentences(Records(folder), contest(folder, rates), claims)


def test_curves_are_of_entries_with_every_rate_the_highest_mean_first(records: Path) -> None:
    read_out(records)
    made = contest(records).curves
    assert [curve.entry.label for curve in made] == ["MRL", "CE", "SDML", "KLR", "KLR (mean)"]
    assert made[0].means == pytest.approx([0.7, 0.65])
    keep_match(records, "emoji", lambda row: (row["method"], row["rate"]) != ("mrl", "0.8"))
    assert contest(records).curves[0].entry.label == "CE"


def test_variants_of_the_factorial_count_but_for_oracles(records: Path) -> None:
    read_out(records, READ | {("klr", "em"): (0.9, 0.8), ("klr", "truth"): (0.95, 0.95)})
    results = results_of(records)
    factorial = {"klr": ["em", "truth"]}
    scope = replace(results.scope, factorial=factorial, oracles={"klr": ["truth"]})
    made = Contest.of(Records(records), Results(Records(records), scope)).contenders
    assert [curve.entry.label for curve in made] == ["KLR (em)", "MRL", "CE", "SDML", "KLR", "KLR (mean)"]


def test_without_a_claim_the_best_is_named_and_its_chance_left_open(records: Path) -> None:
    best = "MRL has the highest mean over the rates, .675; whether that is more than chance has not been tested"
    assert said(read_out(records)) == [FALLS, f"{best} with splits of their own.", BASELINE]


def test_with_a_claim_the_comparison_with_the_best_rival_follows(records: Path) -> None:
    """Holm over two noises doubles the p value of this one, the smaller of the two."""
    read_out(records)
    rival = ("sdml", "default")
    places = {(NOISE, MATCH): {rival: (0.0504, 0.0096, 0.0912, 0.0123)}, ("pairflip", MATCH): {rival: (0, 0, 0, 0.5)}}
    write_claims(records, places | {(NOISE, COSINE): {rival: (0.9, 0.8, 1.0, 0.001)}}, best=rival)
    _, best, _ = said(records)
    assert best == (
        "MRL has the highest mean over the rates, .675. Over 2 seeds with splits of their own, MRL is above the best "
        "rival there, SDML: .050 [.010, .091], p = 0.025 after Holm."
    )


def test_what_is_not_shown_is_not_claimed(records: Path) -> None:
    read_out(records)
    rival = ("klr", "mean")
    write_claims(records, {(NOISE, MATCH): {rival: (-0.01, -0.0304, 0.0104, 1.0)}}, best=rival)
    assert said(records)[1].endswith(
        "MRL is not shown to be above the best rival there, KLR (mean): −.010 [−.030, .010], p = 1 after Holm."
    )


def test_what_learns_from_the_label_model_and_comes_nearer_is_named(records: Path) -> None:
    """Of the entries compared only kin of the claimed method can be above its best rival."""
    read_out(records)
    near = {("klr", "mean"): (-0.02, -0.03, -0.01, 0.9), ("klr", "default"): (0.01, -0.01, 0.03, 0.2)}
    places = {
        (NOISE, MATCH): near | {("sdml", "default"): (0.05, 0.01, 0.09, 0.02), ("ce", "default"): (0.1, 0, 0.2, 0)}
    }
    write_claims(records, places, best=("sdml", "default"))
    assert said(records)[1].endswith(
        "p = 0.02 after Holm. KLR (mean), which learns from the label model of MRL, is above it: −.020 [−.030, −.010]. "
        "KLR, which learns from the label model of MRL, is not told from it: .010 [−.010, .030]."
    )


def test_a_claim_under_another_noise_or_readout_is_not_told_here(records: Path) -> None:
    read_out(records)
    gain = {("sdml", "default"): (0.05, 0.01, 0.09, 0.02)}
    write_claims(records, {("pairflip", MATCH): gain, (NOISE, COSINE): gain}, best=("sdml", "default"))
    assert "has not been tested with splits of their own" in said(records)[1]


def test_a_variant_of_the_baseline_is_not_the_baseline(records: Path) -> None:
    read_out(records, READ | {("klr", "mean"): (0.9, 0.8)})
    assert said(records)[2].startswith("KLR on each view's given label, without any network, reaches .650 and .200:")


def test_without_the_baseline_there_are_two_sentences(records: Path) -> None:
    read_out(records, {entry: values for entry, values in READ.items() if entry[0] != "klr"})
    assert len(said(records)) == 2


def test_without_curves_or_with_one_rate_nothing_is_said_or_drawn(records: Path) -> None:
    assert said(records) == []
    assert picture([contest(records)]) is None
    read_out(records)
    assert said(records, [0.2]) == []
    assert picture([contest(records, [0.2])]) is None


def test_the_picture_shows_the_best_variant_of_the_best_methods_and_the_baseline(records: Path) -> None:
    others = {("mrl", "authors_code"): (0.8, 0.7), ("later", "default"): (0.55, 0.45), ("rono", "default"): (0.4, 0.1)}
    read_out(records, READ | others | {("klr", "default"): (0.1, 0.1), ("klr", "mean"): (0.05, 0.05)})
    drawn = picture([contest(records)])
    assert drawn is not None
    assert drawn.name == "overview"
    assert f"the {BEST} methods of highest mean" in drawn.caption
    assert all(f">{name}<" in drawn.svg for name in ("MRL (authors_code)", "Later", "CE", "SDML", "RONO", "KLR"))
    assert not any(f">{name}<" in drawn.svg for name in ("MRL", "KLR (mean)", "MCCA"))


def test_the_best_of_the_factorial_stands_beside_them(records: Path) -> None:
    read_out(records, READ | {("klr", "em"): (0.9, 0.8), ("mrl", "em"): (0.8, 0.8)})
    results = results_of(records)
    scope = replace(results.scope, factorial={"klr": ["em"], "mrl": ["em"]})
    drawn = picture([Contest.of(Records(records), Results(Records(records), scope))])
    assert drawn is not None
    assert all(f">{name}<" in drawn.svg for name in ("KLR (em)", "MRL", "KLR"))
    assert ">MRL (em)<" not in drawn.svg


def test_a_baseline_among_the_best_is_drawn_once(records: Path) -> None:
    drawn = picture([contest(read_out(records))])
    assert drawn is not None
    assert drawn.svg.count(">KLR<") == 1


def test_a_panel_per_dataset_that_has_curves(records: Path) -> None:
    read_out(records)
    alone = picture([contest(records), contest(records, dataset=1)])
    assert alone is not None
    assert ">Emoji<" in alone.svg
    assert ">3D digits<" not in alone.svg
    read_out(records, dataset="mnist3d")
    both = picture([contest(records), contest(records, dataset=1)])
    assert both is not None
    assert ">3D digits<" in both.svg


def test_curves_are_drawn_with_their_spread_over_chance(records: Path) -> None:
    read_out(records)
    file = records / "datasets" / "emoji.json"
    file.write_text(file.read_text(encoding="utf-8").replace('{"classes"', '{"chance": 0.125, "classes"'), "utf-8")
    results = results_of(records)
    (first, *_) = contest(records).contenders
    (axes,) = overview_figure([(results, [(first.entry, first.values)])]).axes
    (bars,) = axes.containers
    assert list(bars.lines[0].get_ydata()) == pytest.approx([0.7, 0.65])
    low, high = bars.lines[2][0].get_segments()[0][:, 1]
    assert (low, high) == pytest.approx((0.69, 0.71))
    assert axes.get_title("left") == "Emoji, chance .125"

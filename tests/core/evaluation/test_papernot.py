"""The substitute that is trained by asking a tiny oracle for labels."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from core.evaluation.papernot import Substitute, labels_only, train_substitute
from core.types import Cancelled, LabError, Step

CLASSES = 3
SHAPE = (1, 6, 6)


def images(n: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    bright = torch.rand((n, CLASSES), generator=generator).view(n, 1, CLASSES, 1)
    noise = torch.rand((n, *SHAPE), generator=generator)
    return (0.7 * bright.repeat_interleave(2, dim=2).expand(n, *SHAPE) + 0.3 * noise).clamp(0, 1)


def brightest_band(batch: Tensor) -> Tensor:
    """Logits: how bright each third of the rows is."""
    return batch.view(len(batch), CLASSES, -1).mean(dim=2)


class Counter:
    """The oracle, counting what it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.outside = 0
        self.oracle = labels_only(brightest_band)

    def __call__(self, batch: Tensor) -> Tensor:
        self.asked += len(batch)
        self.outside += int(((batch < 0) | (batch > 1)).sum())
        return self.oracle(batch)


def train(oracle: Callable[[Tensor], Tensor] | None = None, seed: int = 0) -> Substitute:
    oracle = oracle or labels_only(brightest_band)
    return train_substitute(oracle, images(20), classes=CLASSES, rounds=3, epochs=5, seed=seed)


def weights(substitute: Substitute) -> Tensor:
    return nn.utils.parameters_to_vector(substitute.classifier.parameters())


def test_every_label_is_counted_and_asked_once() -> None:
    counter = Counter()
    substitute = train(counter)
    assert substitute.queries == counter.asked == 20 * 2**2
    assert counter.outside == 0


def test_the_papers_settings_ask_for_4800_labels() -> None:
    counter = Counter()
    substitute = train_substitute(counter, images(150), classes=CLASSES, epochs=1)
    assert substitute.queries == counter.asked == 4800


def test_it_agrees_with_the_oracle_far_more_often_than_by_chance() -> None:
    fresh = images(300, seed=1)
    substitute = train_substitute(labels_only(brightest_band), images(60), classes=CLASSES)
    agreed = substitute.classifier(fresh).argmax(1) == brightest_band(fresh).argmax(1)
    assert agreed.float().mean() > 0.8


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    first, again, other = train(seed=4), train(seed=4), train(seed=5)
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_it_comes_frozen_and_leaves_global_randomness_alone() -> None:
    before = torch.get_rng_state()
    classifier = train().classifier
    assert torch.equal(torch.get_rng_state(), before)
    assert not classifier.training
    assert not any(weight.requires_grad for weight in classifier.parameters())


def test_an_attack_runs_on_it() -> None:
    leaf = images(2).requires_grad_()
    logits: Tensor = train().classifier(leaf)
    (gradient,) = torch.autograd.grad(logits.sum(), leaf)
    assert gradient.abs().sum() > 0


def test_progress_goes_to_the_end_and_names_the_round() -> None:
    steps: list[Step] = []
    train_substitute(
        labels_only(brightest_band),
        images(60),
        classes=CLASSES,
        rounds=2,
        epochs=3,
        on_step=steps.append,
    )
    assert [step.index for step in steps] == [2, 4, 6, 9, 12, 15]  # 60, then 120 images; 50 a step
    assert {step.of for step in steps} == {15}
    assert steps[0].stage == "Round 1 of 2: 60 labels"
    assert steps[-1].stage == "Round 2 of 2: 120 labels"
    assert steps[-1].values["loss"] < steps[0].values["loss"]


def test_it_can_be_cancelled() -> None:
    def cancel(step: Step) -> None:
        raise Cancelled("enough")

    before = torch.get_rng_state()
    with pytest.raises(Cancelled, match="enough"):
        train_substitute(labels_only(brightest_band), images(20), classes=CLASSES, on_step=cancel)
    assert torch.equal(torch.get_rng_state(), before)


def test_too_few_images() -> None:
    with pytest.raises(LabError, match="needs at least 3 images to start from, got 2"):
        train_substitute(labels_only(brightest_band), images(2), classes=CLASSES)


@pytest.mark.parametrize(("rounds", "epochs"), [(0, 1), (1, 0)])
def test_no_training_at_all(rounds: int, epochs: int) -> None:
    with pytest.raises(ValueError, match="rounds and epochs must be at least 1, got"):
        train_substitute(
            labels_only(brightest_band), images(9), classes=CLASSES, rounds=rounds, epochs=epochs
        )


@pytest.mark.parametrize(
    ("oracle", "message"),
    [
        (brightest_band, r"int64 classes of shape \(9,\), got torch.float32 of shape \(9, 3\)"),
        (lambda batch: brightest_band(batch).argmax(1) + 7, r"lie in 0 to 2, got \[7, 8, 9\]"),
    ],
)
def test_what_is_no_oracle(oracle: Callable[[Tensor], Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train_substitute(oracle, images(9), classes=CLASSES, rounds=1, epochs=1)

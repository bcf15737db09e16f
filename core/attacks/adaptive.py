"""The adaptive attacker: it knows the whole system, and the worst over all it tries counts.

The same attacker stands behind the attack lab, the live panel and the tables. It goes through
every differentiable stand-in of the purifier (its surrogates; BPDA of Athalye et al., 2018,
arXiv 1802.00420), averages over randomness (EOT, Athalye et al., 2018, arXiv 1707.07397), flips
pixels over thresholds, searches the range of a generator, and guesses without a gradient. Who is
broken is left alone; the others go on to what is dearer.

``attack_adaptively`` runs one named attack in this way. ``Adaptive`` is an attack of its own, in
stages: ascents through chains of surrogates from soft to sharp, aimed at every class, from several
starts (Carlini et al., 2019, arXiv 1902.06705; Croce & Hein, 2020, arXiv 2003.01690).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeAlias

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.attacks import on_range
from core.attacks.ascent import Ascent, Climbed
from core.attacks.base import (
    Attack,
    AttackResult,
    Norm,
    control,
    gradient_warnings,
    project,
)
from core.attacks.flips import BEYOND, Flips
from core.attacks.hop_skip_jump import nearest_starts, walk
from core.attacks.judge import Judge, Verdict
from core.attacks.problem import GradientCheck, Problem, Proposal, norms
from core.attacks.third_party import Square, SquareL2
from core.system import BARE, DEFENDED, System
from core.types import Classifier, LabError, OnStep, Purifier, Step, part_of, share_of

SOFT_BEYOND = 0.1
"""How far beyond a soft threshold a pixel is put, as a second try."""

AT_ONCE = 32
"""Images attacked at a time, unless told: on a CPU their activations stay in the cache."""

SPARSE = 0.05
"""Share of the pixels that move in a sparse ascent."""

PROBES = 50
"""Random probes in each round of the decision-based attack."""


@dataclass(frozen=True)
class Broken:
    """The outcome of an adaptive attack.

    Attributes:
        images: Per image the first adversarial image that breaks the system, else the one that
            came nearest, (n, c, h, w).
        fooled: Whether the system errs on it (with a target: gives it), bool (n,); behind a random
            defense, on most draws.
        broken_by: How many images fell to each attempt, in the order tried.
        made_by: For each image the attempt that made it; empty for one that is still clean.
        check: What the gradients were worth.
        results: Of an attack on a single image that was run through surrogates, the result of each
            by its name, with its trajectory; else empty.
    """

    images: Tensor
    fooled: Tensor
    broken_by: Mapping[str, int]
    made_by: tuple[str, ...]
    check: GradientCheck
    results: Mapping[str, AttackResult] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what blinded the attack; whoever stands in spite of them proves nothing."""
        zero, broken = self.check.summary(self.images.device)
        return gradient_warnings(zero, broken)


@dataclass(frozen=True, eq=False)
class _Batch:
    """What an attempt is given: the images that still stand, and what is known of them."""

    rows: Tensor
    clean: Tensor
    labels: Tensor
    best: Tensor
    judge: Judge
    check: GradientCheck
    on_step: OnStep | None


Tries: TypeAlias = Callable[[_Batch], tuple[Tensor, ...]]
"""From some images that still stand to one or more batches of tries (m, c, h, w)."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """One thing to try.

    Attributes:
        tries: What it makes of some images.
        copies: How many ways it goes with each image at once.
    """

    tries: Tries
    copies: int = 1


class _Standing:
    """Who still stands, the nearest image of each so far, and who fell to what.

    Images are attacked some at a time, as many as the caches of a processor hold; those of one
    attempt are all who still stand, so that few who are left still fill a batch.
    """

    def __init__(self, judge: Judge, images: Tensor, at_once: int) -> None:
        self.judge, self.clean, self.at_once = judge, images, at_once
        self.images = images.clone()
        parts = [judge.only(some)(images[some]) for some in self._parts(judge.labels, at_once)]
        self.score = torch.cat([part.score for part in parts])
        self.broken = torch.cat([part.broken for part in parts])
        self.sure = torch.cat([part.sure for part in parts])
        self.broken_by: dict[str, int] = {}
        self.made_by = [""] * len(images)
        self.check = GradientCheck(len(images))

    def attempt(
        self, name: str, attempt: Attempt, on_step: OnStep | None = None, *, surely: bool = False
    ) -> None:
        """Run one attempt on those who stand.

        Args:
            name: What it is called.
            attempt: What to run.
            on_step: Its progress.
            surely: Whether who errs on most draws of a random defense goes on until all err.
        """
        self.broken_by.setdefault(name, 0)
        left = (~(self.sure if surely else self.broken)).nonzero().flatten()
        parts = self._parts(left, max(1, self.at_once // attempt.copies)) if len(left) else ()
        for index, part in enumerate(parts):
            rows = left[part]
            batch = _Batch(
                rows,
                self.clean[rows],
                self.judge.labels[rows],
                self.images[rows],
                self.judge.only(rows),
                self.check,
                on_step if len(parts) == 1 else share_of(on_step, index, len(parts)),
            )
            for tries in attempt.tries(batch):
                self._keep(name, rows, tries, batch.judge(tries))

    @staticmethod
    def _parts(values: Tensor, size: int) -> tuple[Tensor, ...]:
        rows = torch.arange(len(values), device=values.device)
        return tuple(torch.split(rows, size))

    def _keep(self, name: str, rows: Tensor, tries: Tensor, verdict: Verdict) -> None:
        self.broken_by[name] += int((verdict.broken & ~self.broken[rows]).sum())
        # The last try is kept where none is better, so that there is always one to look at.
        better = (verdict.score >= self.score[rows]) | (verdict.broken & ~self.broken[rows])
        chosen = rows[better]
        for row in chosen.tolist():
            self.made_by[row] = name
        self.images[chosen] = tries[better]
        self.score[chosen] = verdict.score[better]
        self.broken[chosen] |= verdict.broken[better]
        self.sure[chosen] |= verdict.sure[better]

    @property
    def outcome(self) -> Broken:
        return Broken(self.images, self.broken, self.broken_by, tuple(self.made_by), self.check)


def attack_adaptively(  # noqa: PLR0913  an evaluation has this many parts
    attack: Attack,
    classifier: Classifier,
    purifier: Purifier | None,
    images: Tensor,
    labels: Tensor,
    *,
    target: Tensor | None = None,
    generator: Generator,
    surrogates: tuple[str, ...] | None = None,
    draws: int = 1,
    starts: Sequence[Tensor] = (),
    at_once: int = AT_ONCE,
    enough: Callable[[], bool] | None = None,
    on_step: OnStep | None = None,
) -> Broken:
    """Attack a system through one surrogate after another; the worst counts, image by image.

    An attack that needs no gradient has no need of a surrogate either: it asks the system itself.
    Images that are broken are not attacked again. Restarts of the attack are taken here: it is the
    system that says whether one is needed, not the surrogate that was fooled. Behind a random
    defense an image is broken when most draws err, but a restart goes on until all of them do.
    Beside the attack's own way, pixels are flipped over the thresholds of a system that begins
    with some, and the range of a generator is searched, within the same budget.

    Args:
        attack: The attack to run through each surrogate; ``Adaptive`` runs its own stages.
        classifier: The classifier behind the defense.
        purifier: The defense; None for the bare classifier.
        images: Clean images (n, c, h, w) in [0, 1].
        labels: Their labels (n,).
        target: Wanted classes (n,); None for any but the label.
        generator: For the attack and a random defense.
        surrogates: Names to try, in this order; None tries all surrogates and the bare classifier,
            or the system itself where the attack is gradient-free.
        draws: Draws of a random defense that every gradient is averaged over.
        starts: Adversarial images (n, c, h, w) made elsewhere, to try as well.
        at_once: Images attacked at a time.
        enough: Asked before every attempt of ``Adaptive``; True leaves out the rest.
        on_step: Progress over all attempts.

    Returns:
        Who was broken, and by which attempt.

    Raises:
        ValueError: The defense has no such surrogate.
    """
    system = System(classifier, purifier)
    judge = Judge(system=system, labels=labels, target=target, generator=generator)
    if isinstance(attack, AdaptiveAttack):
        return attack.break_system(
            judge,
            images,
            draws=draws,
            names=surrogates,
            starts=starts,
            at_once=at_once,
            enough=enough,
            on_step=on_step,
        )
    if attack.gradient_free and surrogates is None:
        views: Mapping[str, Classifier] = {DEFENDED: system.as_classifier(generator, draws=draws)}
    else:
        views = system.surrogates(generator, names=_without_range(surrogates), draws=draws)
    restarts = getattr(attack, "restarts", 1)
    changes: dict[str, Any] = {"restarts": 1} if restarts > 1 else {}
    once: Attack = replace(attack, **changes)
    results: dict[str, AttackResult] = {}
    kept = results if len(images) == 1 else None
    attempts: list[tuple[str, Attempt]] = [
        (name, _through_one(once, view, generator, name, kept)) for name, view in views.items()
    ]
    if not attack.gradient_free and surrogates is None:
        attempts += _beside(attack, system, images[:1], generator, views)
    if on_range.NAME in (surrogates or ()):
        attempts.append((on_range.NAME, _on_range(system, generator, attack.budget, attack.norm)))
    attempts += [(f"images made elsewhere, {n}", _given(one)) for n, one in enumerate(starts, 1)]
    standing = _Standing(judge, images, at_once)
    rounds = [(restart, *one) for restart in range(restarts) for one in attempts]
    for index, (restart, name, one) in enumerate(rounds):
        standing.attempt(
            name, one, part_of(on_step, index, len(rounds)), surely=restart > 0 and system.random
        )
    return replace(standing.outcome, results=results)


def _without_range(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(name for name in names if name != on_range.NAME)


def _through_one(
    attack: Attack,
    view: Classifier,
    generator: Generator,
    name: str,
    kept: dict[str, AttackResult] | None,
) -> Attempt:
    def tries(batch: _Batch) -> tuple[Tensor, ...]:
        result = attack(
            view,
            batch.clean,
            batch.labels,
            target=batch.judge.target,
            generator=generator,
            on_step=batch.on_step,
        )
        if kept is not None:
            kept[name] = result
        nothing = torch.where(result.zero_gradient, 0.0, 1.0)
        batch.check.largest.append(
            (batch.rows, nothing.masked_fill(result.broken_gradient, torch.nan))
        )
        return (result.images,)

    return Attempt(tries)


def _beside(
    attack: Attack,
    system: System,
    first: Tensor,
    generator: Generator,
    views: Mapping[str, Classifier],
) -> list[tuple[str, Attempt]]:
    """What no gradient attack does by itself: flips, and a search of a generator's range."""
    if attack.epsilon is None:
        return []
    found: list[tuple[str, Attempt]] = []
    thresholds = system.thresholds(first) if attack.norm == "l2" else ()
    if thresholds:
        found += [
            (f"flips, {name}", _flips(view, attack.norm, attack.budget, thresholds, BEYOND))
            for name, view in views.items()
            if name != BARE or len(views) == 1
        ]
    if has_range(system):
        found.append((on_range.NAME, _on_range(system, generator, attack.budget, attack.norm)))
    return found


def _flips(
    view: Classifier,
    norm: Norm,
    budget: float,
    thresholds: tuple[float, ...],
    beyond: float,
    rough: Generator | None = None,
) -> Attempt:
    flips = Flips(norm=norm, budget=budget, thresholds=thresholds, beyond=beyond)
    return Attempt(lambda batch: (flips.run(view, batch.judge, batch.clean, rough=rough).images,))


def has_range(system: System) -> bool:
    """Whether the defense makes its images from latents, which can be searched."""
    return isinstance(system.purifier, on_range.Ranged)


def _on_range(system: System, generator: Generator, epsilon: float, norm: Norm) -> Attempt:
    purifier: object = system.purifier
    if not isinstance(purifier, on_range.Ranged):
        raise ValueError("this defense has no range to search: it is not built on a generator")

    def tries(batch: _Batch) -> tuple[Tensor, ...]:
        return on_range.attack_on_range(
            system.classifier,
            purifier,
            batch.clean,
            batch.labels,
            epsilon=epsilon,
            norm=norm,
            generator=generator,
            on_step=batch.on_step,
        )

    return Attempt(tries)


@dataclass(frozen=True, kw_only=True)
class AdaptiveAttack(Attack):
    """All there is, cheap attempts first; only who stands goes on to the dearer ones.

    Against a bare classifier it is a strong attack as any other; ``attack_adaptively`` gives it the
    system, whose purifier it then goes through.

    Attributes:
        steps: Gradient steps of an ascent.
        targets: Classes that ascents are aimed at, the likeliest first; 0 aims at none.
        restarts: How often ascents begin at random points once everything else has failed.
        squares: Queries of Square, without a gradient; 0 leaves it out.
        rounds: Rounds of the decision-based attack; 0 leaves it out.
    """

    summary: ClassVar[str] = (
        "Everything at once: soft to sharp surrogates, every class, flips, guesses; the worst."
    )
    targetable: ClassVar[bool] = False
    steps: int = field(
        default=60, metadata=control(low=5, high=200, step=5, help="Gradient steps of an ascent.")
    )
    targets: int = field(
        default=9,
        metadata=control(low=0, high=9, step=1, help="Classes aimed at, the likeliest first."),
    )
    restarts: int = field(
        default=1, metadata=control(low=0, high=10, step=1, help="Random starts at the end.")
    )
    squares: int = field(
        default=500,
        metadata=control(low=0, high=5000, step=100, help="Queries of Square; 0 leaves it out."),
    )
    rounds: int = field(
        default=0,
        metadata=control(
            low=0, high=50, step=1, help="Rounds of the decision-based attack; 0 leaves it out."
        ),
    )

    @override
    def perturb(self, problem: Problem) -> Proposal:
        """Break the classifier as a system of its own."""
        judge = Judge(
            system=System(problem.classifier),
            labels=problem.labels,
            target=problem.target,
            generator=problem.generator,
        )
        outcome = self.break_system(judge, problem.images, on_step=problem.on_step)
        problem.check.largest.extend(outcome.check.largest)
        return Proposal(outcome.images)

    def break_system(  # noqa: PLR0913  as attack_adaptively
        self,
        judge: Judge,
        images: Tensor,
        *,
        draws: int = 1,
        names: tuple[str, ...] | None = None,
        starts: Sequence[Tensor] = (),
        at_once: int = AT_ONCE,
        enough: Callable[[], bool] | None = None,
        on_step: OnStep | None = None,
    ) -> Broken:
        """Run all stages against a system.

        Args:
            judge: The system and the truth about the images.
            images: Clean images (n, c, h, w) in [0, 1].
            draws: Draws of a random defense that every gradient is averaged over.
            names: Surrogates to use; None for all of them.
            starts: Adversarial images (n, c, h, w) made elsewhere, to try and to start from.
            at_once: Images attacked at a time.
            enough: Asked before every attempt; True leaves out the rest.
            on_step: Progress over all attempts.
        """
        standing = _Standing(judge, images, at_once)
        stages = _Stages(self, judge, images, standing.check, draws=draws, names=names)
        plan = list(stages.attempts(starts))
        for index, (name, attempt) in enumerate(plan):
            if enough is not None and enough():
                break
            told = share_of(on_step, index, len(plan))
            standing.attempt(name, attempt, told)
            if told is not None:
                left = float((~standing.broken).sum())
                told(Step(index=1, of=1, values={"standing": left}))
        return standing.outcome


class _Stages:
    """What an ``AdaptiveAttack`` tries on one system, in order."""

    def __init__(
        self,
        attack: AdaptiveAttack,
        judge: Judge,
        images: Tensor,
        check: GradientCheck,
        *,
        draws: int,
        names: tuple[str, ...] | None,
    ) -> None:
        self.attack, self.judge, self.images, self.check = attack, judge, images, check
        self.system, self.generator = judge.system, judge.generator
        self.draws, self.names = draws, names
        found = self.system.surrogates(self.generator, names=_without_range(names), draws=draws)
        chains: Sequence[tuple[str, ...]] = getattr(self.system.purifier, "chains", ())
        whole = [chain for chain in chains if set(chain) <= set(found)]
        chained = {name for chain in whole for name in chain}
        self.chains = {" to ".join((c[0], c[-1])): [found[name] for name in c] for c in whole}
        # A surrogate that no chain goes through is tried once by itself; the dearer stages go
        # through the chains, or through every surrogate of a purifier that has none.
        others = {
            name: [one] for name, one in found.items() if name != BARE and name not in chained
        }
        self.alone = others if self.chains else {}
        self.chains = self.chains or others
        bare = [found[BARE]] if BARE in found else []
        if not self.chains:
            self.chains, bare = {BARE: bare}, []
        self.bare = bare

    def attempts(self, starts: Sequence[Tensor]) -> Iterator[tuple[str, Attempt]]:
        """Names and attempts, cheap ones first."""
        for name, chain in self.chains.items():
            yield name, self._ascent(chain, begin="image")
        yield from self._flipping()
        for index, images in enumerate(starts):
            yield f"images made elsewhere, {index + 1}", _given(images)
        yield from self._otherwise()
        if self.attack.targets:
            yield from self._at_every_class()
        if self.bare:
            yield BARE, self._ascent(self.bare, begin="random")
        for _ in range(self.attack.restarts):
            yield from self._again()
        if self.attack.rounds:
            yield "decisions", self._decisions()

    def _otherwise(self) -> Iterator[tuple[str, Attempt]]:
        """Another loss, few pixels, the range of a generator, guesses, every surrogate alone."""
        for name, chain in self.chains.items():
            yield f"{name}, cross-entropy", self._ascent(chain, "cross_entropy", begin="random")
        if self.attack.norm == "l2":
            for name, chain in self.chains.items():
                yield f"{name}, sparse", self._ascent(chain, begin="image", share=SPARSE)
        if self.names is None and has_range(self.system):
            budget, norm = self.attack.budget, self.attack.norm
            yield on_range.NAME, _on_range(self.system, self.generator, budget, norm)
        if self.attack.squares:
            yield "square", self._square()
        for name, one in self.alone.items():
            yield name, self._ascent(one, begin="random")

    def _at_every_class(self) -> Iterator[tuple[str, Attempt]]:
        for name, chain in self.chains.items():
            yield f"{name}, aimed", self._aimed(chain, begin="image")
        for name, chain in self.chains.items():
            yield f"{name}, aimed from the nearest", self._aimed(chain, begin="best")

    def _again(self) -> Iterator[tuple[str, Attempt]]:
        for name, chain in self.chains.items():
            yield f"{name}, again", self._ascent(chain, begin="random")
            if self.attack.targets:
                yield f"{name}, aimed again", self._aimed(chain, begin="random")

    def _ascent(
        self,
        chain: Sequence[Classifier],
        loss: Climbed = "margin",
        *,
        begin: str,
        share: float = 1.0,
    ) -> Attempt:
        attack = self.attack
        ascent = Ascent(
            norm=attack.norm, epsilon=attack.budget, steps=attack.steps, loss=loss, share=share
        )

        def tries(batch: _Batch) -> tuple[Tensor, ...]:
            found = ascent.run(
                chain,
                batch.judge,
                batch.clean,
                self._begin(batch, begin),
                check=self.check,
                places=batch.rows,
                on_step=batch.on_step,
            )
            return (found.images,)

        return Attempt(tries)

    def _aimed(self, chain: Sequence[Classifier], *, begin: str) -> Attempt:
        """Every image towards every class at once, the likeliest first."""
        ascent = Ascent(norm=self.attack.norm, epsilon=self.attack.budget, steps=self.attack.steps)

        def tries(batch: _Batch) -> tuple[Tensor, ...]:
            n = len(batch.rows)
            aims = self._likeliest(batch)
            copies = torch.arange(n, device=aims.device).repeat_interleave(aims.shape[1])
            found = ascent.run(
                chain,
                batch.judge.only(copies),
                batch.clean[copies],
                self._begin(batch, begin)[copies],
                aim=aims.flatten(),
                check=self.check,
                places=batch.rows[copies],
                on_step=batch.on_step,
            )
            best = found.score.view(n, -1).argmax(1)
            every = torch.arange(n, device=best.device)
            return (found.images.view(n, -1, *batch.clean.shape[1:])[every, best],)

        return Attempt(tries, copies=self.attack.targets)

    def _likeliest(self, batch: _Batch) -> Tensor:
        """Wrong classes (m, targets), by what the system says of the nearest image so far."""
        with torch.no_grad():
            logits = self.system.logits(batch.best, self.generator)
        others = logits.scatter(1, batch.labels.unsqueeze(1), -torch.inf)
        count = min(self.attack.targets, logits.shape[1] - 1)
        return others.argsort(1, descending=True)[:, :count]

    def _begin(self, batch: _Batch, begin: str) -> Tensor:
        if begin == "best":
            return batch.best
        if begin == "image":
            return batch.clean
        return random_point(batch.clean, self.attack.budget, self.attack.norm, self.generator)

    def _flipping(self) -> Iterator[tuple[str, Attempt]]:
        """Flips over the thresholds of the system, if it begins with some."""
        thresholds = self.system.thresholds(self.images[:1])
        if not thresholds or self.attack.norm == "l0":
            return
        # Of a chain the sharpest, which is nearest to the truth.
        through = {
            **{name: chain[-1] for name, chain in self.chains.items()},
            **{name: one[0] for name, one in self.alone.items()},
        }
        for name, view in through.items():
            for beyond in (BEYOND, SOFT_BEYOND):
                yield f"flips, {name}", self._flip(self._flips(thresholds, beyond), view)
            rough = self._flip(self._flips(thresholds, BEYOND), view, rough=True)
            yield f"flips, {name}", rough
        if self.attack.targets:
            for name, view in through.items():
                flips = self._flips(thresholds, BEYOND)
                yield f"flips, {name}, aimed", self._flip(flips, view, aimed=True)

    def _flips(self, thresholds: tuple[float, ...], beyond: float) -> Flips:
        return Flips(
            norm=self.attack.norm, budget=self.attack.budget, thresholds=thresholds, beyond=beyond
        )

    def _flip(
        self, flips: Flips, view: Classifier, *, rough: bool = False, aimed: bool = False
    ) -> Attempt:
        def tries(batch: _Batch) -> tuple[Tensor, ...]:
            noise = self.generator if rough else None
            if not aimed:
                return (flips.run(view, batch.judge, batch.clean, rough=noise).images,)
            aims = self._likeliest(batch)
            n, count = aims.shape
            copies = torch.arange(n, device=aims.device).repeat_interleave(count)
            found = flips.run(
                view, batch.judge.only(copies), batch.clean[copies], aim=aims.flatten()
            )
            best = found.score.view(n, count).argmax(1)
            every = torch.arange(n, device=best.device)
            return (found.images.view(n, count, *batch.clean.shape[1:])[every, best],)

        return Attempt(tries, copies=self.attack.targets if aimed else 1)

    def _square(self) -> Attempt:
        row = SquareL2 if self.attack.norm == "l2" else Square
        square = row(epsilon=self.attack.budget, squares=self.attack.squares)
        itself = self.system.as_classifier(self.generator, draws=self.draws)

        def tries(batch: _Batch) -> tuple[Tensor, ...]:
            try:
                return (
                    square(
                        itself,
                        batch.clean,
                        batch.labels,
                        generator=self.generator,
                        on_step=batch.on_step,
                    ).images,
                )
            except LabError:
                return ()  # images of a size that it cannot tile

        return Attempt(tries)

    def _decisions(self) -> Attempt:
        attack = self.attack

        def tries(batch: _Batch) -> tuple[Tensor, ...]:
            def reaches(images: Tensor, rows: Tensor) -> Tensor:
                return batch.judge.only(rows)(images).broken

            pool = self.images
            starts, found = nearest_starts(reaches, batch.clean, pool, self.generator)
            left = found.nonzero().flatten()
            found_at = batch.clean.clone()
            if len(left):
                nearest = walk(
                    lambda images, rows: reaches(images, left[rows]),
                    batch.clean[left],
                    starts[left],
                    norm=attack.norm,
                    rounds=attack.rounds,
                    probes=PROBES,
                    generator=self.generator,
                )
                found_at[left] = project(nearest, batch.clean[left], attack.budget, attack.norm)
            return (found_at,)

        return Attempt(tries)


def _given(images: Tensor) -> Attempt:
    return Attempt(lambda batch: (images[batch.rows],))


def random_point(clean: Tensor, epsilon: float, norm: Norm, generator: Generator) -> Tensor:
    """A random point of the budget around each clean image (n, c, h, w)."""
    draws = torch.randn(clean.shape, generator=generator, device=generator.device).to(clean)
    if norm == "linf":
        draws = torch.rand(clean.shape, generator=generator, device=generator.device).to(clean)
        return project(clean + epsilon * (2 * draws - 1), clean, epsilon, norm)
    return project(clean + epsilon * draws / norms(draws), clean, epsilon, norm)


@dataclass(frozen=True, kw_only=True)
class Adaptive(AdaptiveAttack):
    """All there is, within the largest change of one pixel value."""

    title: ClassVar[str] = "Adaptive"
    norm: ClassVar[Norm] = "linf"
    epsilon: float | None = field(
        default=0.3,
        metadata=control(
            low=0.0, high=0.5, step=0.01, help="Largest change of one pixel value, of a range of 1."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class AdaptiveL2(AdaptiveAttack):
    """All there is, in a Euclidean ball."""

    title: ClassVar[str] = "Adaptive L2"
    norm: ClassVar[Norm] = "l2"
    epsilon: float | None = field(
        default=1.5,
        metadata=control(
            low=0.0, high=10.0, step=0.1, help="Largest Euclidean size of the perturbation."
        ),
    )

"""The levels of a generator in words, and the plans that set all their sliders at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.hierarchy.settings import HierarchySettings, percents_of

KEEP, FRESH = "all kept", "all drawn anew"


@dataclass(frozen=True, kw_only=True)
class Levels:
    """The levels of the generator in words, and the schedules that are ready for them.

    Attributes:
        names: Short names, coarse to fine.
        nats: What each tells of an image, on average; empty where it was not measured.
        shares: Ready schedules.
        missing: Why other schedules are not ready.
    """

    names: tuple[str, ...]
    nats: tuple[float, ...]
    shares: Mapping[str, tuple[float, ...]]
    missing: Mapping[str, str]

    @property
    def plans(self) -> dict[str, tuple[float, ...]]:
        """The schedules, and the two ends of all sliders."""
        count = len(self.names)
        return {**self.shares, KEEP: (0.0,) * count, FRESH: (1.0,) * count}

    def percents(self, plan: str, attenuation: int) -> tuple[int, ...]:
        """What a plan sets the sliders to."""
        part = attenuation / 100 if plan in self.shares else 1.0
        return percents_of(tuple(part * share for share in self.plans[plan]))

    def plan_of(self, settings: HierarchySettings) -> str | None:
        """The plan that the sliders stand at; None for one of the visitor's own."""
        for plan in self.plans:
            if self.percents(plan, settings.attenuation) == settings.percents:
                return plan
        return None

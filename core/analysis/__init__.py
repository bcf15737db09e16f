"""What the pages look at: tensors in, frozen dataclasses of plain arrays out."""

from core.analysis.runs import WORST as WORST, RunSpec as RunSpec
from core.analysis.snippets import python_snippet as python_snippet
from core.analysis.thresholds import (
    Threshold as Threshold,
    Thresholds as Thresholds,
    highest_epsilon as highest_epsilon,
    smallest_epsilons as smallest_epsilons,
)
from core.analysis.triplets import (
    NOISE_DRAWS as NOISE_DRAWS,
    Code as Code,
    Outcome as Outcome,
    Reading as Reading,
    Trajectory as Trajectory,
    Triplet as Triplet,
    make_triplet as make_triplet,
)

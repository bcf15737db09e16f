"""Training: one plain loop, losses as pure functions, and a recipe for every checkpoint."""

from core.training.loop import Training, train
from core.training.recipes import RECIPES, Recipe

__all__ = ["RECIPES", "Recipe", "Training", "train"]

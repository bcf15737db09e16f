"""Training: one plain loop, losses as pure functions, and a recipe for every checkpoint."""

from core.training.loop import Training, train
from core.training.recipe import Recipe
from core.training.recipes import RECIPES

__all__ = ["RECIPES", "Recipe", "Training", "train"]

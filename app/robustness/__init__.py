"""The robustness page: the papers' tables with our figures, curves, and a panel to try it live."""

"""The page of the classifier that may decline to answer; ``page.py`` puts it together."""

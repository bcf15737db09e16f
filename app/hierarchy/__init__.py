"""The page on purification by the levels of a generator, from coarse to fine."""

"""The bit-flip page: how many bits an attack flips, which ones, and what that does."""

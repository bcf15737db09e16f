"""The quantizer page: checks of a latent quantizer, and how coarse a code should be."""

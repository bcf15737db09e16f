"""The latent map page: where images lie in latent space, and where an attack moves them."""

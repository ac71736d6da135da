"""Metre-wave interferometry of a moving planet: images, flux densities, brightness temperatures."""

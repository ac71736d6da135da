"""The sphere, cameras, delay–Doppler, Doppler of winds, orbits: arrays in, arrays out."""

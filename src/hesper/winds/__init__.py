"""Winds of Venus from the Doppler shift of reflected solar lines in long-slit spectra."""

"""Delay–Doppler radar: from echoes to maps of reflectivity and altitude."""

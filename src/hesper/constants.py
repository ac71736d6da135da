"""Numbers of nature and of Venus, in SI units, each with its source."""

from hesper.units import km

SPEED_OF_LIGHT = 299_792_458.0
"""m s-1; exact (SI 2019)."""
PLANCK = 6.626_070_15e-34
"""J s; exact (SI 2019)."""
BOLTZMANN = 1.380_649e-23
"""J K-1; exact (SI 2019)."""
AVOGADRO = 6.022_140_76e23
"""mol-1; exact (SI 2019)."""

VENUS_RADIUS = 6051.8 * km
"""m; mean radius of the solid planet (IAU WGCCRE 2009, PCK00010)."""
VENUS_GM = 324_858.592 * km**3
"""m3 s-2; JPL DE440 (Park et al. 2021)."""
VENUS_CLOUD_TOP = 70.0 * km
"""m above VENUS_RADIUS; unit optical depth at visible wavelengths (Ignatiev et al. 2009)."""
SUN_RADIUS = 695_700.0 * km
"""m; nominal (IAU 2015 resolution B3)."""
COSMIC_BACKGROUND = 2.725
"""K; Fixsen 2009."""

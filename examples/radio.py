"""From the flux densities of Mohan et al. 2017 to brightness temperatures with their errors."""

from hesper.radio import plot, read, retrieve
from hesper.units import MHz

fluxes = read.flux_densities()
found = retrieve.temperatures(
    fluxes,
    sky_408=30.0,
    sky_408_std=4.0,
    sky_model=retrieve.BACKGROUND_APART,
    calibration=0.07,
)
for i, name in enumerate(found.label):
    sign = "<" if found.is_limit[i] else " "
    value, std = found.brightness_temperature[i], found.brightness_temperature_std[i]
    print(f"{name:24} {found.frequency[i] / MHz:7.1f} MHz {sign}{value:5.0f} ± {std:3.0f} K")

plot.temperatures(found, found.brightness_temperature).savefig("temperatures.png")

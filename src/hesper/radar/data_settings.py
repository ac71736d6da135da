"""The recipe of an interferometric pass: stations, waveform, observation, scene, reduction."""

from hesper.record import record, setting
from hesper.units import MHz, day, deg, hour, km, minute, us

PAPER_DATES = (
    "1972-06-20",
    "1973-12-23",
    "1973-12-28",
    "1974-01-13",
    "1974-01-20",
    "1974-02-01",
    "1974-02-18",
    "1974-02-27",
)
"""Figures 2–9 of Goldstein, Green & Rumsey 1976."""


@record
class Stations:
    """Who transmits and who receives."""

    transmitter: str = setting("DSS-14", "text", "station that transmits; its dish is the first receiver's")
    receivers: tuple[str, ...] = setting(("DSS-14", "DSS-13-26m"), "text", "receiving stations, 1 to 4")
    diameters: tuple[float, ...] = setting((64.0, 26.0), "m", "of the receiving dishes", minimum=1.0)
    efficiencies: tuple[float, ...] = setting(
        (0.65, 0.60), "1", "of their apertures (assumed)", minimum=0.01, maximum=1.0
    )
    temperatures: tuple[float, ...] = setting(
        (25.0, 25.0), "K", "of the receiving systems without Venus (assumed)", minimum=0.1
    )
    power: float = setting(400e3, "W", "transmitted", shown="kW", minimum=1.0)
    absorption: float = setting(
        0.794, "1", "two-way transmission of Venus' atmosphere at normal incidence", minimum=0.01, maximum=1.0
    )
    thermal: float = setting(650.0, "K", "brightness temperature of Venus", minimum=0.0)


@record
class Waveform:
    """What is transmitted, and the cells that echoes are sorted into."""

    frequency: float = setting(2388 * MHz, "Hz", "of the transmitter", shown="MHz", minimum=1e8, maximum=1e11)
    baud: float = setting(5 * us, "s", "length of a bit of the code", shown="us", minimum=1e-7, maximum=1e-3)
    code: str = setting("random", "text", "kind of code", choices=("random", "maximal"))
    gates: int = setting(64, "count", "range gates", minimum=4, maximum=8192)
    early_gates: int = setting(6, "count", "gates before the front, of noise alone", minimum=4, maximum=64)
    doppler_cells: int = setting(256, "count", "number of Doppler cells", minimum=16, maximum=8192)
    doppler_cell: float = setting(1 / 32, "Hz", "width of a Doppler cell", minimum=1e-4, maximum=100.0)


@record
class Observation:
    """When, and for how long."""

    date: str = setting("1974-01-20", "text", "UTC day of the pass, or a UTC time within it")
    duration: float = setting(
        6 * hour, "s", "length of the pass", shown="h", minimum=6 * minute, maximum=12 * hour
    )
    offset: float = setting(
        0.0, "s", "middle of the pass after transit", shown="h", minimum=-8 * hour, maximum=8 * hour
    )
    cycle: float = setting(
        10 * minute, "s", "from one receive window to the next", shown="min", minimum=60.0, maximum=2 * hour
    )
    looks: int = setting(9, "count", "spectra of one receive window", minimum=1, maximum=1000)
    level: str = setting(
        "looks",
        "text",
        "what a simulation writes: complex looks, or the receivers' coded voltages (0.1 GB a look of 32 s)",
        choices=("looks", "voltages"),
    )


@record
class Scene:
    """The surface that a simulation sees."""

    relief: str = setting(
        "synthetic",
        "text",
        "synthetic: rolling plains with the paper's features; test: three features on a sphere; magellan: "
        "Magellan's altitudes with the paper's features; smooth: a sphere",
        choices=("synthetic", "test", "magellan", "smooth"),
    )
    topography: str = setting("", "text", "Magellan's 1° altitudes, needed where relief is magellan")
    material: float = setting(
        0.23,
        "1",
        "scatter of the logarithm of reflectivity from place to place, where relief is synthetic or "
        "magellan; 0.13 ± 0.03 at normal incidence (Pettengill, Ford & Nozette 1982)",
        minimum=0.0,
        maximum=1.0,
    )
    law: str = setting("muhleman", "text", "law of backscatter", choices=("muhleman", "hagfors"))
    muhleman_scale: float = setting(0.0118, "1", "k of Muhleman's law", minimum=1e-5, maximum=10.0)
    muhleman_a: float = setting(0.111, "1", "a of Muhleman's law", minimum=0.01, maximum=2.0)
    hagfors_fresnel: float = setting(0.11, "1", "ρ of Hagfors' law", minimum=1e-3, maximum=1.0)
    hagfors_roughness: float = setting(150.0, "1", "C of Hagfors' law", minimum=2.0, maximum=1e4)
    facet: float = setting(2.5 * km, "m", "distance of facets", shown="km", minimum=300.0, maximum=50 * km)
    reach: float = setting(
        900 * km, "m", "radius of the cap that is filled with facets", shown="km", minimum=100 * km
    )
    phase_walk: float = setting(
        0.15, "rad", "troposphere: step of the differential phase per cycle", minimum=0.0, maximum=3.0
    )
    noise: bool = setting(True, "1", "whether receivers are noisy")


@record
class Reduction:
    """How echoes are turned into maps."""

    prior: float = setting(0.0, "m", "σ of a prior of altitude; 0: none", shown="km", minimum=0.0)
    largest_altitude: float = setting(8 * km, "m", "limit of |altitude|", shown="km", minimum=100.0)
    iterations: int = setting(40, "count", "most steps of the solver", minimum=1, maximum=1000)
    exponent: float = setting(
        0.5, "1", "power of the backscatter law that brightness is divided by", minimum=0.0, maximum=1.0
    )
    tile: int = setting(
        8192, "count", "cells solved at a time: what --jobs and --dask share out", minimum=64, maximum=65536
    )
    resolution: float = setting(10 * km, "m", "cell of the maps", shown="km", minimum=500.0, maximum=200 * km)
    longest_cell: float = setting(
        40 * km,
        "m",
        "north–south extent beyond which a cell belongs to the runway",
        shown="km",
        minimum=1 * km,
    )
    contrast_limit: float = setting(
        0.3, "1", "σ of (N − S)/(N + S) beyond which north and south are not told apart", minimum=0.01
    )
    self_calibrate: bool = setting(True, "1", "whether one phase per cycle is taken from the echoes")
    remove_curvature: bool = setting(
        True, "1", "whether altitudes are referred to the local centre of curvature"
    )


@record
class Finder:
    """The finder chart: whole-disk scene, one receiver, several conjunctions."""

    conjunctions: tuple[str, ...] = setting(
        ("1969-04-08", "1970-11-10", "1972-06-17"), "text", "UTC days of inferior conjunctions"
    )
    spacing: float = setting(4 * day, "s", "between the days of one conjunction", shown="day", minimum=3600.0)
    days: int = setting(5, "count", "days of one conjunction", minimum=1, maximum=40)
    cell: float = setting(85e3, "m", "size of a cell", shown="km", minimum=20e3, maximum=500e3)
    grid: float = setting(10 * deg, "rad", "of the lines that are drawn", shown="deg", minimum=1 * deg)
    station: str = setting("DSS-14", "text", "station that transmits and receives")
    west: float = setting(-100 * deg, "rad", "western edge of the chart", shown="deg", minimum=-360 * deg)
    east: float = setting(28 * deg, "rad", "eastern edge of the chart", shown="deg", maximum=360 * deg)
    north: float = setting(
        48 * deg, "rad", "how far the chart reaches from the equator", shown="deg", minimum=5 * deg,
        maximum=90 * deg,
    )  # fmt: skip

"""The recipe of the radar."""

from hesper.radar.data_settings import (
    PAPER_DATES,
    Finder,
    Observation,
    Reduction,
    Scene,
    Stations,
    Waveform,
)
from hesper.record import record, setting
from hesper.units import MHz, arcmin, deg, hour, km, us


@record
class Interferometer:
    """The interferometer of Goldstein, Green & Rumsey 1976."""

    dates: tuple[str, ...] = setting(PAPER_DATES, "text", "UTC days of the passes")
    transmitter: str = setting("DSS-14", "text", "station that transmits and receives")
    receiver: str = setting("DSS-13-26m", "text", "second receiving station")
    duration: float = setting(
        6 * hour, "s", "length of a pass, centred on transit", shown="h", minimum=60.0, maximum=12 * hour
    )
    frequency: float = setting(
        2388 * MHz, "Hz", "frequency of the transmitter", shown="MHz", minimum=1e8, maximum=1e11
    )
    doppler_cell: float = setting(1 / 32, "Hz", "width of a Doppler cell", minimum=1e-4, maximum=100.0)
    doppler_cells: int = setting(256, "count", "number of Doppler cells", minimum=1, maximum=65536)


@record
class Config:
    """Map what two or more receivers heard of Venus, or a look of Arecibo, or lay out passes."""

    source: str = setting(
        "passes",
        "text",
        "passes: geometry of passes; looks: a folder that `simulate` made; arecibo: a picture or "
        "complex look; goldstone: an image of the archive's volume MG_1001; finder: whole disks of many "
        "days that `simulate` made; mosaic: earlier runs of looks in one frame",
        choices=("passes", "looks", "arecibo", "goldstone", "finder", "mosaic"),
    )
    input: str = setting("", "text", "folder of looks, picture, or label of the archive")
    runs: tuple[str, ...] = setting((), "text", "folders of earlier runs, two or more, for source mosaic")
    seed: int = setting(1, "count", "of the simulation", minimum=0)

    topography: str = setting("", "text", "Magellan's 1° altitudes, topogrd.dat; needed with arecibo")
    mosaic: str = setting("", "text", "global Magellan mosaic, first column at 0°E; needed with arecibo")
    pointing: str = setting("N", "text", "side that the beam was aimed at", choices=("N", "S"))
    baud: float = setting(
        3.8 * us, "s", "length of a bit of the code", shown="us", minimum=1e-7, maximum=1e-4
    )
    resolution: float = setting(
        0.25 * deg, "rad", "cell of the map", shown="deg", minimum=0.02 * deg, maximum=5 * deg
    )
    feature_radius: float = setting(
        100 * km, "m", "what is averaged round a feature", shown="km", minimum=50 * km, maximum=500 * km
    )
    longest_cell: float = setting(
        80 * km, "m", "north–south extent beyond which a pixel is flagged", shown="km", minimum=1 * km
    )
    beam_width: float = setting(
        2 * arcmin, "rad", "one-way beam at half power", shown="arcmin", minimum=0.01 * arcmin
    )
    index: str = setting("", "text", "label of the index table of MG_1001, GVENINDX.LBL, for goldstone")
    stations: Stations
    waveform: Waveform
    observation: Observation
    scene: Scene
    reduction: Reduction
    interferometer: Interferometer
    finder: Finder

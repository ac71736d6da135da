"""The recipe of the radio system."""

from hesper.radio import retrieve
from hesper.radio.data_settings import Corruption, Observation, Reduction, Scene
from hesper.record import record, setting

SKY = {model.name: model for model in (retrieve.SCALED_WHOLE, retrieve.BACKGROUND_APART)}
"""How the sky at 408 MHz is scaled, by name."""


@record
class Config:
    """From raw visibilities, or from a table of flux densities, to brightness temperatures."""

    source: str = setting(
        "fluxes",
        "text",
        "fluxes: a table; visibilities: a UVFITS file or Measurement Set with Venus; field: one without",
        choices=("fluxes", "visibilities", "field"),
    )
    input: str = setting("", "text", "the table (empty: that of Mohan et al. 2017), file or directory")
    seed: int = setting(1, "count", "of the simulation", minimum=0)
    sky_408: float = setting(
        30.0, "K", "sky temperature at 408 MHz behind Venus", minimum=2.725, maximum=2000.0
    )
    sky_408_std: float = setting(
        4.0, "K", "its standard deviation: zero level of the survey", minimum=0.0, maximum=2000.0
    )
    sky_map: str = setting(
        "",
        "text",
        "model of the sky (npz), looked up where Venus is instead of `sky_408`",
    )
    reflectivity: float = setting(
        0.0, "1", "of the surface: its share of the sky is taken off; 0 leaves it", minimum=0.0, maximum=0.9
    )
    sky_model: str = setting(
        "background apart", "text", "how the sky is scaled to other frequencies", choices=tuple(SKY)
    )
    calibration: float = setting(
        0.07,
        "1",
        "standard deviation of the flux scale, relative; 0 with visibilities: from their own schedule",
        shown="percent",
        minimum=0.0,
        maximum=1.0,
    )
    reduction: Reduction
    observation: Observation
    scene: Scene
    corruption: Corruption

"""The recipe of the camera system."""

from hesper.record import record, setting
from hesper.units import deg
from hesper.vmc.data_settings import Atmosphere, Camera, Emissivity, Gradient, Masking, Simulation
from hesper.vmc.pipeline_day import DaySide


@record
class Config:
    """Settings of the way from archived images to corrected images, maps and emissivity."""

    archive: str = setting("$HESPER_DATA/vmc", "text", "folder of the images, or one image")
    geometry: str = setting(
        "label", "text", "where the night side's attitude comes from", choices=("label", "geo", "spice")
    )
    meta_kernel: str = setting("", "text", "SPICE meta-kernel for geometry = spice")
    resolution: float = setting(
        0.25 * deg, "rad", "size of a cell of mosaics and segments", shown="deg", minimum=0.05 * deg,
        maximum=1 * deg,
    )  # fmt: skip
    night_exposure: float = setting(
        1.0, "s", "images exposed as long and with the Sun below the horizon at their centre are night side",
        minimum=0.0,
    )  # fmt: skip
    level3: bool = setting(True, "1", "write the corrected images", shown="1")
    rotation: str = setting("IAU", "text", "rotation model of Venus", choices=("IAU", "Margot 2021"))
    kernel: str = setting("DE421", "text", "ephemeris: DE421, DE440 or the path of an SPK file")
    seed: int = setting(1, "count", "of what is simulated", minimum=0)
    camera: Camera
    simulation: Simulation
    atmosphere: Atmosphere
    masking: Masking
    gradient: Gradient
    emissivity: Emissivity
    day: DaySide

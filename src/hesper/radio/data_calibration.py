"""What calibration hands on and keeps: reports of flags, tables of gains, flux densities of calibrators."""

from hesper.record import Array, array, number, record, text


@record
class FlagReport:
    """Which part of an observation was flagged."""

    step: Array = array("step", "1", "name of the step", dtype=str)
    part: Array = array("step", "1", "part flagged after the step")
    antenna_name: Array = array("antenna", "1", "name of the antenna", dtype=str)
    antenna_part: Array = array("antenna", "1", "part flagged of the baselines of an antenna")
    baseline_part: Array = array("baseline", "1", "part flagged of a baseline")
    channel_part: Array = array("channel", "1", "part flagged of a channel")
    frequency: Array = array("channel", "Hz", "centre of the channel")
    polarisation_part: Array = array("polarisation", "1", "part flagged of a correlation")


@record
class Gains:
    """Complex gains of antennas with time; the visibility is g₁ g₂* times that of the sky."""

    time: Array = array("solution", "s tdb", "middle of the solution interval, TDB since J2000")
    field: Array = array("solution", "1", "index of the field it was found on", dtype=int)
    amplitude: Array = array(
        "solution antenna polarisation", "Jy-0.5", "amplitude of the gain; NaN without one"
    )
    amplitude_std: Array = array("solution antenna polarisation", "Jy-0.5", "standard deviation of amplitude")
    phase: Array = array(
        "solution antenna polarisation", "rad", "phase, that of the reference antenna being 0"
    )
    phase_std: Array = array("solution antenna polarisation", "rad", "standard deviation of phase")
    elevation: Array = array("solution", "rad", "elevation of the field, without refraction")
    antenna_name: Array = array("antenna", "1", "name of the antenna", dtype=str)
    reference: str = text("antenna whose phase is 0")


@record
class Bandpass:
    """Complex gains of antennas with frequency, of mean amplitude 1 over the band."""

    frequency: Array = array("channel", "Hz", "centre of the channel")
    amplitude: Array = array("antenna channel polarisation", "1", "amplitude; NaN without a solution")
    amplitude_std: Array = array("antenna channel polarisation", "1", "standard deviation of amplitude")
    phase: Array = array(
        "antenna channel polarisation", "rad", "phase, that of the reference antenna being 0"
    )
    phase_std: Array = array("antenna channel polarisation", "rad", "standard deviation of phase")
    antenna_name: Array = array("antenna", "1", "name of the antenna", dtype=str)
    reference: str = text("antenna whose phase is 0")


@record
class CalibratorFluxes:
    """Flux densities of the calibrators, set by a scale or found by comparison of gains."""

    name: Array = array("calibrator", "1", "name of the field", dtype=str)
    flux_density: Array = array("calibrator", "Jy", "flux density in the middle of the band")
    flux_density_std: Array = array("calibrator", "Jy", "standard deviation of flux_density, statistical")
    is_primary: Array = array("calibrator", "1", "set by the scale, not found", dtype=bool)
    scale: str = text("flux-density scale")
    note: str = text("empty, or that the scale was extrapolated, and by how much it differs from another")


@record
class Sources:
    """Point sources about the centre of a field, dimmed by the primary beam as they are seen."""

    east: Array = array("source", "1", "direction cosine l, east")
    north: Array = array("source", "1", "direction cosine m, north")
    flux_density: Array = array("source", "Jy", "apparent flux density in the middle of the band")
    flux_density_std: Array = array("source", "Jy", "standard deviation of flux_density")


@record
class Truth:
    """What was simulated."""

    temperature: float = number("K", "brightness temperature of the disk, the sky it hides included")
    flux_density: float = number("Jy", "of the disk over that sky, middle of band and observation")
    calibrator_flux: float = number("Jy", "of the secondary calibrator, middle of the band")
    noise: float = number("Jy", "standard deviation of a visibility's real part, thermal")
    seed: int = number("1", "of the simulation", dtype=int)

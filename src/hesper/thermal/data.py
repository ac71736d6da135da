"""What thermal emission is made of: measured spectra, atmospheres, maps, fits and posteriors."""

from hesper.record import Array, array, number, record, text


@record
class Spectrum:
    """Brightness temperatures of the disk of Venus at several frequencies, each with its conventions."""

    frequency: Array = array("datum", "Hz", "frequency")
    brightness_temperature: Array = array("datum", "K", "brightness temperature, or its upper limit")
    brightness_temperature_std: Array = array(
        "datum", "K", "standard deviation, without the campaign's scale"
    )
    is_limit: Array = array("datum", "1", "whether the value is an upper limit", dtype=bool)
    is_planck: Array = array(
        "datum", "1", "whether the temperature is a black body's (else Rayleigh-Jeans)", dtype=bool
    )
    reference_radius: Array = array("datum", "m", "radius of the disk that the temperature refers to")
    campaign: Array = array("datum", "1", "observations that share one flux scale", dtype=str)
    campaign_scale_std: Array = array(
        "datum", "1", "relative standard deviation of the campaign's flux scale"
    )
    reference: Array = array("datum", "1", "who measured it", dtype=str)


@record
class Atmosphere:
    """A spherical atmosphere: what absorbs and emits at each level.

    The first level is the surface. Levels are evenly spaced and odd in number: every second one is the
    middle of a layer of the transfer, where the absorption is taken as well.
    """

    altitude: Array = array("level", "m", "altitude above the mean radius")
    temperature: Array = array("level", "K", "temperature")
    pressure: Array = array("level", "Pa", "pressure")
    co2: float = number("1", "mole fraction of carbon dioxide")
    n2: float = number("1", "mole fraction of nitrogen")
    so2: Array = array("level", "1", "mole fraction of sulphur dioxide")
    h2so4: Array = array("level", "1", "mole fraction of sulphuric acid vapour")
    cloud: Array = array("level", "kg m-3", "mass of cloud droplets per volume")
    h2o: Array = array("level", "1", "mole fraction of water vapour")
    co: Array = array("level", "1", "mole fraction of carbon monoxide")
    ocs: Array = array("level", "1", "mole fraction of carbonyl sulphide")


@record
class Prediction:
    """A modelled spectrum of the disk."""

    frequency: Array = array("frequency", "Hz", "frequency")
    brightness_temperature: Array = array("frequency", "K", "brightness temperature of the disk")
    zenith_opacity: Array = array("frequency", "1", "optical depth of the atmosphere at the zenith")
    sky_temperature: Array = array("frequency", "K", "Rayleigh-Jeans temperature of the sky")
    is_planck: bool = number("1", "whether temperatures are a black body's", dtype=bool)
    reference_radius: float = number("m", "radius of the disk that the temperature refers to")


@record
class DiskMap:
    """Maps of the disk: brightness temperature and linear polarisation, the pole of Venus up, east left."""

    frequency: Array = array("frequency", "Hz", "frequency")
    east: Array = array("east", "m", "distance from the centre, positive to the left of north")
    north: Array = array("north", "m", "distance from the centre, positive to the north pole of Venus")
    brightness_temperature: Array = array("frequency north east", "K", "Rayleigh-Jeans, Stokes I")
    stokes_q: Array = array("frequency north east", "K", "Stokes Q, positive for a field along north")
    stokes_u: Array = array("frequency north east", "K", "Stokes U, positive for a field to north-east")


@record
class Limb:
    """Brightness and polarisation from the centre of the disk to its limb."""

    frequency: Array = array("frequency", "Hz", "frequency")
    impact: Array = array("impact", "m", "impact parameter, the distance from the centre of the disk")
    horizontal: Array = array(
        "frequency impact", "K", "Rayleigh-Jeans temperature, field parallel to the limb"
    )
    vertical: Array = array("frequency impact", "K", "Rayleigh-Jeans temperature, radial field")
    critical_impact: float = number("m", "where the surface ends")


@record
class Contributions:
    """Where the radiation at the centre of the disk comes from."""

    frequency: Array = array("frequency", "Hz", "frequency")
    altitude: Array = array("layer", "m", "middle of the layer")
    contribution: Array = array("frequency layer", "m-1", "part of the radiation per altitude")
    surface: Array = array("frequency", "1", "part of the radiation that left the surface upward")
    mean_altitude: Array = array("frequency", "m", "mean altitude of what the atmosphere emits")


@record
class Fit:
    """The most probable parameters of one family of grounds, and how well they fit."""

    family: str = text("family of grounds")
    parameter: Array = array("parameter", "1", "name and unit of each parameter", dtype=str)
    value: Array = array("parameter", "1", "most probable value, in the unit its name states")
    value_std: Array = array(
        "parameter",
        "1",
        "root mean square distance of the posterior from value; the standard deviation where it is Gaussian",
    )
    low: Array = array("parameter", "1", "16th percentile of the posterior, all else marginalised")
    high: Array = array("parameter", "1", "84th percentile of the posterior, all else marginalised")
    at_bound: Array = array("parameter", "1", "whether the value lies at a bound of its prior", dtype=bool)
    brightness_temperature: Array = array("datum", "K", "model at the data, in the convention of each")
    residual: Array = array("datum", "1", "(data - model) / std; for limits -sqrt(-2 ln Phi)")
    chi_square: float = number("1", "sum of squared residuals, campaign scales not fitted")
    chi_square_scaled: float = number("1", "the same with campaign scales marginalised, for limits too")
    chi_square_low: float = number("1", "part of chi_square from detections below 1 GHz")
    log_posterior: float = number("1", "log likelihood plus log prior density at the most probable value")


@record
class Posterior:
    """Weighted samples of the posterior of one family of grounds, and its evidence."""

    family: str = text("family of grounds")
    parameter: Array = array("parameter", "1", "name and unit of each parameter", dtype=str)
    samples: Array = array("sample parameter", "1", "parameters, in the unit each name states")
    weight: Array = array("sample", "1", "weights, which add up to 1")
    mean: Array = array("parameter", "1", "mean")
    mean_std: Array = array("parameter", "1", "standard deviation of the posterior")
    log_evidence: float = number("1", "natural logarithm of the evidence")
    log_evidence_std: float = number("1", "standard deviation of log_evidence")


@record
class Band:
    """What a posterior predicts at other frequencies."""

    family: str = text("family of grounds")
    frequency: Array = array("frequency", "Hz", "frequency")
    brightness_temperature: Array = array("frequency", "K", "mean of the prediction")
    brightness_temperature_std: Array = array("frequency", "K", "standard deviation of the prediction")
    median: Array = array("frequency", "K", "median of the prediction")
    low: Array = array("frequency", "K", "16th percentile")
    high: Array = array("frequency", "K", "84th percentile")


@record
class Comparison:
    """Families of grounds side by side, one row each."""

    family: Array = array("family", "1", "family of grounds", dtype=str)
    parameters: Array = array("family", "1", "number of parameters", dtype=int)
    chi_square: Array = array("family", "1", "campaign scales not fitted")
    chi_square_scaled: Array = array("family", "1", "campaign scales marginalised")
    chi_square_low: Array = array("family", "1", "detections below 1 GHz")
    log_evidence: Array = array("family", "1", "natural logarithm of the evidence; nan where not computed")
    log_evidence_std: Array = array("family", "1", "standard deviation of log_evidence")
    depth: Array = array(
        "family", "m", "depth of the step, layer, mirror or gradient for the stated loss tangent"
    )
    diffusion_time: Array = array("family", "s", "time in which heat diffuses through that depth")
    gradient: Array = array("family", "1", "-1 colder below, +1 warmer below, 0 isothermal", dtype=int)
    radar_frequency: Array = array("radar", "Hz", "frequencies of the reflectivities")
    radar_reflectivity: Array = array("family radar", "1", "reflectivity at normal incidence")
    loss_tangent: float = number("1", "loss tangent for which depths are given")


@record
class RadarReflectivities:
    """Mean reflectivities of the surface at normal incidence seen by radar."""

    frequency: Array = array("radar", "Hz", "frequency")
    reflectivity: Array = array("radar", "1", "power reflectivity, the atmosphere's loss corrected")
    reflectivity_std: Array = array("radar", "1", "standard deviation")
    reference: Array = array("radar", "1", "who measured it", dtype=str)

"""Stations, waveform and observation → the geometry of a pass that is to be simulated or planned."""

from hesper.errors import InputError
from hesper.radar.data_interferometer import Pass
from hesper.radar.data_settings import Observation, Stations, Waveform
from hesper.radar.model_geometry import check_dates, cycle_times, pass_geometry, transits


def geometry(stations: Stations, waveform: Waveform, observation: Observation) -> Pass:
    """Return the geometry of a recipe's pass.

    Raises
    ------
    InputError
        If stations do not fit together, the date is not understood or Venus is below a horizon.
    """
    _check_stations(stations)
    check_dates([observation.date])
    if "T" in observation.date:
        from hesper.ephemeris import tdb_seconds

        middle = float(tdb_seconds(observation.date)[0])
    else:
        middle = float(transits([observation.date], stations.transmitter)[0])
    times = cycle_times(middle + observation.offset, observation.duration, observation.cycle)
    return pass_geometry(times, stations.transmitter, stations.receivers, frequency=waveform.frequency)


def _check_stations(given: Stations) -> None:
    """Refuse receivers that are none, too many, not described or twice the same."""
    count = len(given.receivers)
    numbers = [len(v) for v in (given.diameters, given.efficiencies, given.temperatures)]
    if not 1 <= count <= 4 or set(numbers) != {count}:
        raise InputError(
            f"stations: number of receivers {count}, of diameters, efficiencies and temperatures "
            f"{', '.join(map(str, numbers))}; give 1 to 4 receivers and one number of each kind for every one"
        )
    if len(set(given.receivers)) < count:
        raise InputError(
            f"stations: receivers {', '.join(given.receivers)}: one of them twice, which makes no baseline; "
            "give different stations"
        )

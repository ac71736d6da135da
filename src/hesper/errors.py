"""What can go wrong, and the exit code of each.

Every message is one line: where; what was given; what is allowed; how to mend it.
"""


class HesperError(Exception):
    """Something that a user can understand and mend."""

    exit_code = 70


class InputError(HesperError):
    """A file, a recipe or an argument that cannot be right."""

    exit_code = 65


class UnitError(InputError):
    """A quantity in a unit that does not fit, or in none."""


class MissingError(InputError):
    """An input that is not there."""

    exit_code = 66


class KernelError(MissingError):
    """An ephemeris that is missing, damaged or does not cover the dates asked for."""


class ResourceError(HesperError):
    """Disk, memory or an optional package that is not at hand."""

    exit_code = 74


class LockedError(HesperError):
    """An output directory in which another run is at work."""

    exit_code = 75


class ConvergenceError(HesperError):
    """A computation that did not reach its solution; the arguments may be right."""

    exit_code = 76


class RunInterruptedError(HesperError):
    """A run that Ctrl+C ended; what was finished is kept."""

    exit_code = 130


EXIT_CODES = {
    0: "all is well; for `demo`, every row agrees with what is expected",
    1: "`demo` ran, but a row is not ok",
    2: "the command line is not understood",
    65: "input that cannot be right (InputError, UnitError)",
    66: "input or kernel that is missing (MissingError, KernelError)",
    70: "a fault of hesper itself; run again with --debug and report it",
    74: "disk, memory or an optional package is lacking (ResourceError)",
    75: "the output directory is locked by another run (LockedError)",
    76: "a computation did not converge (ConvergenceError)",
    130: "interrupted; run again to resume",
}

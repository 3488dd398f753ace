"""The error that a missing or damaged data file raises."""


class DataFileError(OSError):
    """A bundled data file is missing or damaged; the message names it and says how to restore it.

    Example:
        >>> raise DataFileError("cmlearn/data/files/watch.npz.xz is missing.")
        Traceback (most recent call last):
        cmlearn.data.errors.DataFileError: cmlearn/data/files/watch.npz.xz is missing.
    """

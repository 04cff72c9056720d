"""Every error that aigc raises on purpose.

AigcError
├── BriefError       the brief or the photo is wrong: names the field, the value, what is allowed
├── UnknownBackend   no such backend for this stage: names those that exist
├── MissingExtra     a package or program is not installed: names the command that installs it
├── ModelError       weights cannot be found, fetched or verified
├── EndpointError    a remote service failed; `retryable` and `status` say how
└── ExportError      the campaign folder cannot be read or written

A message says what failed, with which value, and what to do about it, in one line.
"""


class AigcError(Exception):
    """Anything that a user can put right; the command line prints it without a traceback."""


class BriefError(AigcError):
    """The brief or its photo is wrong."""


class UnknownBackend(AigcError):  # noqa: N818
    """A stage was asked for a backend that does not exist."""


class MissingExtra(AigcError):  # noqa: N818
    """A package or program that this choice needs is not installed."""


class ModelError(AigcError):
    """Model files are missing, unreachable or not what they should be."""


class EndpointError(AigcError):
    """A remote service failed."""

    def __init__(self, message: str, *, retryable: bool, status: int | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.status = status


class ExportError(AigcError):
    """A campaign folder cannot be read or written."""

"""Every error that aigc raises on purpose.

AigcError
├── BriefError       the brief or the photo is wrong: names the field, the value, what is allowed
├── UnknownBackend   no such backend for this stage: names those that exist
├── MissingExtra     a package or program is not installed: names the command that installs it
├── ModelError       weights cannot be found, fetched or verified
├── EndpointError    a remote service failed; `retryable` and `status` say how
├── ExportError      the campaign folder cannot be read or written
└── PartlyFailed     some of a batch failed; `results` holds the rest, and each one's error

A message says what failed, with which value, and what to do about it, in one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")


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


class PartlyFailed(AigcError):  # noqa: N818
    """Some requests of a batch failed; `results` has each one's result or its error, in order."""

    def __init__(self, results: Sequence[Any]) -> None:
        self.results = list(results)
        failed = [each for each in self.results if isinstance(each, AigcError)]
        super().__init__(f"{len(failed)} of {len(self.results)} failed; the first: {failed[0]}")


def settled(results: Sequence[T | AigcError]) -> list[T]:
    """Give the results where none failed.

    Raises the error itself where it is the only request's, else PartlyFailed with all of them.
    """
    failed = [each for each in results if isinstance(each, AigcError)]
    if failed and len(results) == 1:
        raise failed[0]
    if failed:
        raise PartlyFailed(results)
    return [each for each in results if not isinstance(each, AigcError)]

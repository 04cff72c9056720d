"""Files of shared storage by their fsspec addresses: s3://, gs://, oss:// and others."""

from __future__ import annotations

from typing import Any

import fsspec

from aigc.errors import AigcError, BriefError, ExportError, MissingExtra

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "oss": "oss"}


def read(address: str) -> bytes:
    """Read a file whole; raises BriefError where it cannot be."""
    try:
        storage, path = driver(address)
        found: bytes = storage.cat_file(path)
    except AigcError as error:
        raise BriefError(str(error)) from error
    except FileNotFoundError as error:
        raise BriefError("no such file in the storage") from error
    except Exception as error:  # every driver has errors of its own
        raise BriefError(f"cannot be read ({' '.join(str(error).split())})") from error
    return found


def driver(url: str) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it."""
    protocol = url.split("://")[0].split("::")[0]
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        remedy = f"pip install 'aigc[{extra}]'" if extra else str(error)
        raise MissingExtra(f"'{url}' needs a driver for {protocol}://: {remedy}") from error
    except ValueError as error:
        raise ExportError(
            f"'{url}': no storage '{protocol}'; give a folder, s3://, gs:// or oss://"
        ) from error
    except Exception as error:
        says = " ".join(str(error).split())
        raise ExportError(f"cannot reach '{url}': {says}; check the credentials") from error
    return found

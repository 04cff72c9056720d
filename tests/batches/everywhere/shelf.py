"""shelf:///FOLDER: a folder that behaves like an object store, shared by every process of a test.

For batches it is remote: campaigns are made in scratch folders and pushed. Puts are atomic, an
exclusive one is refused where the object exists, there are no folders to make, and every request
is counted. Processes whose PYTHONPATH names this folder know it (sitecustomize.py); a test
process imports it.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem


class Shelf(LocalFileSystem):
    """A folder as an object store."""

    protocol = "shelf"
    requests: list[tuple[str, str]] = []  # noqa: RUF012 - of this process: what, and of which file
    left: int | None = None  # requests that change something until the storage is out of reach

    @classmethod
    def _strip_protocol(cls, path: Any) -> str:
        return str(LocalFileSystem._strip_protocol(str(path).removeprefix("shelf://")))

    def find(self, path: str, **kwargs: Any) -> Any:
        """List all that is below a path."""
        self._count("list", path)
        found = super().find(path, **kwargs)
        return [name for name in found if ".put-" not in name]

    def cat_file(self, path: str, start: Any = None, end: Any = None) -> bytes:
        """Get an object."""
        self._count("get", path)
        return Path(self._strip_protocol(path)).read_bytes()[start:end]

    def exists(self, path: str) -> bool:
        """Ask whether there is an object."""
        self._count("head", path)
        return Path(self._strip_protocol(path)).is_file()

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite") -> None:
        """Put an object, whole or not at all."""
        self._count("put", path)
        target = Path(self._strip_protocol(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".put-{uuid.uuid4().hex}")
        part.write_bytes(value)
        if mode == "create":
            try:
                os.link(part, target)  # fails where it exists
            finally:
                part.unlink()
        else:
            part.replace(target)

    def rm_file(self, path: str) -> None:
        """Delete an object."""
        self._count("delete", path)
        Path(self._strip_protocol(path)).unlink(missing_ok=True)

    @classmethod
    def _count(cls, what: str, path: str) -> None:
        if what in {"put", "delete"} and cls.left is not None:
            cls.left -= 1
            if cls.left < 0:
                raise ConnectionError("the line is dead")
        cls.requests.append((what, Path(path).name))


fsspec.register_implementation("shelf", Shelf, clobber=True)

"""Reads a merchant's photo, whatever the phone or the shop made of it."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from aigc.campaign import Photo, Pixels
from aigc.errors import AigcError, BriefError

WORKING_SIDE = 2048  # px; the largest poster shows the product smaller than this
SMALLEST_SIDE = 48  # px; below it there is nothing to show
LARGEST_AREA = 300_000_000  # px; a decoded picture beyond it would not fit in memory

_SHARED = ("s3://", "s3a://", "gs://", "gcs://", "oss://", "memory://")  # read by fsspec
_MEGAPIXELS = LARGEST_AREA // 1_000_000

# Whatever a decoder makes of a damaged file: each format has its own way to fail.
_DAMAGE = (
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)

register_heif_opener()
Image.MAX_IMAGE_PIXELS = LARGEST_AREA // 2  # Pillow refuses twice this


def load(ref: str, base: Path | None = None) -> Photo:
    """Read a photo from a path (relative to `base`), a file:// or a pypi: reference.

    Upright, sRGB, longest side at most 2048 px; an alpha channel is kept as the photo's matte.
    Raises BriefError naming the photo and what is wrong with it.
    """
    with _opened(ref, base) as image:
        return _read(image, ref)


def check(ref: str, base: Path | None = None) -> None:
    """Raise BriefError for a photo that `load` would refuse by its header; nothing is decoded.

    What would have to be fetched for it, from a package or shared storage, is not looked at.
    """
    if is_reference(ref) and not ref.startswith("file:"):
        return
    with _opened(ref, base) as image:
        _check_size(image, ref)
        if round(_usable_side(image.size)) < SMALLEST_SIDE:
            raise _too_small(image, ref)


@contextlib.contextmanager
def _opened(ref: str, base: Path | None) -> Iterator[Image.Image]:
    """Open a photo, and say in one line what is wrong with it."""
    path = _shared(ref) if ref.startswith(_SHARED) else locate(ref, base)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of size and of broken EXIF; we check
            with Image.open(path) as image:
                yield image
    except (UnidentifiedImageError, IsADirectoryError) as error:
        raise BriefError(
            f"photo = '{ref}': not a picture; use JPEG, PNG, WebP, AVIF or HEIC"
        ) from error
    except Image.DecompressionBombError as error:
        raise BriefError(f"photo = '{ref}': too large; reduce it below {_MEGAPIXELS} MP") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BriefError(
            f"photo = '{ref}': cannot be read ({reason}); it may be truncated: export it again"
        ) from error


def is_reference(ref: str) -> bool:
    """Whether a photo is named by more than a path: pypi:, file:, s3://, gs:// or oss://."""
    return ref.startswith(("pypi:", "file:", *_SHARED))


def _shared(ref: str) -> io.BytesIO:
    from aigc._engines import remote

    try:
        return io.BytesIO(remote.read(ref))
    except BriefError as error:
        raise BriefError(f"photo = '{ref}': {error}") from error


def locate(ref: str, base: Path | None = None) -> Path:
    """Find the file that a photo reference names; raises BriefError where there is none."""
    if ref.startswith(("pypi:", "file:")):
        from aigc._engines import store

        try:
            return store.resolve(ref)
        except AigcError as error:
            raise BriefError(f"photo = '{ref}': {error}") from error
    try:
        path = Path(ref).expanduser()
        path = path if path.is_absolute() or base is None else base / path
        found = path.exists()
    except (OSError, RuntimeError):  # a name too long for the disk; `~` of nobody
        found = False
    if not found:
        raise BriefError(f"photo = '{ref}': no such file")
    return path


def _read(image: Image.Image, ref: str) -> Photo:
    _check_size(image, ref)
    # JPEG only: decodes at a half or less, and a fraction of the cost; a sixth smaller will do.
    share = WORKING_SIDE * 0.84 / max(image.size)
    image.draft("RGB", (int(image.width * share), int(image.height * share)))
    profile = image.info.get("icc_profile")
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        upright = _to_8_bit(upright)
    upright = _to_srgb(upright, profile)
    upright.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if min(upright.size) < SMALLEST_SIDE:
        raise _too_small(image, ref)
    if upright.mode == "RGB" and "transparency" not in upright.info:
        return Photo(pixels=np.array(upright), alpha=None)
    pixels = np.asarray(upright.convert("RGBA"))
    alpha: Pixels | None = np.ascontiguousarray(pixels[..., 3])
    if pixels[..., 3].max() < 26:
        raise BriefError(f"photo = '{ref}': shows nothing; every pixel is transparent")
    if alpha is not None and alpha.min() > 250:  # opaque: an alpha channel that says nothing
        alpha = None
    return Photo(pixels=np.ascontiguousarray(pixels[..., :3]), alpha=alpha)


def _check_size(image: Image.Image, ref: str) -> None:
    if image.width * image.height > LARGEST_AREA:
        raise BriefError(
            f"photo = '{ref}': {image.width}×{image.height} px is too large; "
            f"reduce it below {_MEGAPIXELS} MP"
        )


def _usable_side(size: tuple[int, int]) -> float:
    """The short side, px, once the long one is reduced to the working size."""
    return min(size) * min(1.0, WORKING_SIDE / max(size))


def _too_small(image: Image.Image, ref: str) -> BriefError:
    return BriefError(
        f"photo = '{ref}': {image.width}×{image.height} px is too small or too narrow; "
        f"the short side needs {SMALLEST_SIDE} px (of {WORKING_SIDE} on the long one)"
    )


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Bring 16-bit, 32-bit and float greys to 8 bits; beyond 16 bits by their own range."""
    values = np.asarray(image, dtype=np.float64)
    values = np.nan_to_num(values)
    top = 65535.0 if image.mode.startswith("I") and values.max() <= 65535 else values.max()
    if image.mode == "F" and values.max() <= 1:
        top = 1.0
    low = min(0.0, float(values.min()))
    scaled = (values - low) / max(top - low, 1e-9) * 255
    return Image.fromarray(scaled.round().astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    if image.mode in ("P", "PA", "1", "LA", "La", "RGBa") or image.mode == "L":
        return image.convert("RGBA" if has_alpha else "RGB")
    if image.mode == "RGB" and has_alpha:  # one colour is said to be transparent
        image = image.convert("RGBA")
    if profile and image.mode in ("RGB", "CMYK", "RGBA"):
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        try:
            converted = ImageCms.profileToProfile(
                image.convert("RGB") if alpha is not None else image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (
            ImageCms.PyCMSError,
            OSError,
        ):  # a broken or mismatched profile: plain conversion is next best
            converted = None
        if converted is not None:
            if alpha is not None:
                converted.putalpha(alpha)
            return converted
    return image.convert("RGBA" if has_alpha else "RGB")


def encode_jpeg(pixels: Pixels, quality: int = 96) -> bytes:
    """Encode (H, W, 3) pixels without chroma subsampling and without any metadata."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=0)
    return stream.getvalue()


def decode(data: bytes) -> Pixels:
    """Decode a file that aigc wrote itself into (H, W, 3) pixels."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def on_white(cutout: NDArray[Any]) -> Pixels:
    """Lay a cut-out (H, W, 4) on white: (H, W, 3)."""
    alpha = cutout[..., 3:].astype(np.float32) / 255
    laid: Pixels = (cutout[..., :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    return laid

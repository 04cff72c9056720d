"""Photos as phones and shops make them: every odd kind is read well or refused in one line."""

import io
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pictures import mug, save
from PIL import Image, ImageCms

from aigc import photo
from aigc.campaign import Photo
from aigc.errors import BriefError


def close(read: Photo, wanted: Image.Image, within: float = 6) -> bool:
    """Whether a photo shows the wanted picture, but for what its format loses."""
    return np.abs(read.pixels.astype(int) - np.asarray(wanted.convert("RGB"))).mean() < within


def refusal(path: Path | str) -> str:
    """Say how a photo is refused; always one line that names it."""
    with pytest.raises(BriefError) as error:
        photo.load(str(path))
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"photo = '{path}': ")
    return message


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("jpg", {"quality": 95}),
        ("png", {}),
        ("webp", {"lossless": True}),
        ("avif", {"quality": 95}),
        ("heic", {"quality": 95}),
        ("tiff", {}),
        ("bmp", {}),
    ],
)
def test_formats(tmp_path: Path, suffix: str, options: dict[str, object]) -> None:
    read = photo.load(str(save(mug(), tmp_path / f"mug.{suffix}", **options)))
    assert read.pixels.shape == (240, 240, 3)
    assert read.pixels.dtype == np.uint8
    assert read.alpha is None
    assert close(read, mug())


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "heic"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated(tmp_path: Path, suffix: str, share: float) -> None:
    path = save(mug(backdrop="wood"), tmp_path / f"mug.{suffix}")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    refusal(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "HEIF", "BMP"])
def test_damage_never_raises_anything_else(tmp_path: Path, kind: str) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    mug(64, backdrop="wood").save(stream, kind, exif=exif)
    whole, path, chance = stream.getvalue(), tmp_path / "damaged", random.Random(kind)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 30))):
            data[chance.randrange(min(len(data), chance.choice((40, 400, 10**6))))] = (
                chance.randrange(256)
            )
        path.write_bytes(data)
        try:
            assert photo.load(str(path)).pixels.ndim == 3
        except BriefError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_cmyk(tmp_path: Path) -> None:
    path = save(mug(colour=(200, 40, 60)).convert("CMYK"), tmp_path / "print.jpg", quality=95)
    read = photo.load(str(path))
    red, green, blue = read.pixels[130, 110].astype(int)
    assert red > green + 60
    assert red > blue + 60
    assert read.pixels[4, 4].min() > 240


def test_cmyk_with_a_profile_it_does_not_fit(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = save(mug().convert("CMYK"), tmp_path / "print.jpg", quality=95, icc_profile=profile)
    assert close(photo.load(str(path)), mug(), 25)


def test_16_bit_grey(tmp_path: Path) -> None:
    grey = np.asarray(mug().convert("L"))
    path = save(Image.fromarray(grey.astype(np.uint16) * 257), tmp_path / "scan.png")
    read = photo.load(str(path))
    assert np.array_equal(read.pixels, np.repeat(grey[..., None], 3, -1))


def test_16_bit_colour(tmp_path: Path) -> None:
    # Pillow writes no 16-bit RGB; OpenCV does.
    import cv2

    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), np.asarray(mug()).astype(np.uint16)[..., ::-1] * 257)
    assert close(photo.load(str(path)), mug(), 1)


def test_float_tiff(tmp_path: Path) -> None:
    grey = mug().convert("L")
    depth = Image.fromarray(np.asarray(grey, np.float32) / 255)
    assert close(photo.load(str(save(depth, tmp_path / "f.tiff"))), grey, 1)


def test_palette_with_transparency(tmp_path: Path) -> None:
    few = mug(backdrop="clear").quantize(32)
    read = photo.load(str(save(few, tmp_path / "few.png")))
    assert read.alpha is not None
    assert read.alpha[5, 5] == 0
    assert read.alpha[130, 110] > 250


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_modes(tmp_path: Path, mode: str) -> None:
    path = save(mug().convert(mode), tmp_path / "mug.png")
    assert close(photo.load(str(path)), mug().convert(mode), 20)


def test_lab(tmp_path: Path) -> None:
    srgb, lab = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    image = ImageCms.profileToProfile(mug(), srgb, lab, outputMode="LAB")
    assert close(photo.load(str(save(image, tmp_path / "lab.tiff"))), mug())


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_animation_gives_its_first_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"moving.{suffix}"
    frames = [Image.new("RGB", (240, 240), "navy"), Image.new("RGB", (240, 240), "gold")]
    save(mug(), path, save_all=True, append_images=frames, duration=50)
    assert close(photo.load(str(path)), mug(), 8)


def test_one_pixel(tmp_path: Path) -> None:
    message = refusal(save(Image.new("RGB", (1, 1)), tmp_path / "dot.png"))
    assert "1×1 px" in message
    assert "48" in message


def test_wide_panorama_is_reduced(tmp_path: Path) -> None:
    read = photo.load(str(save(Image.new("L", (30_000, 900), 90), tmp_path / "wide.png")))
    assert read.pixels.shape[1] == photo.WORKING_SIDE


def test_strip_is_refused(tmp_path: Path) -> None:
    message = refusal(save(Image.new("L", (30_000, 60)), tmp_path / "strip.png"))
    assert "30000×60" in message


def test_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = save(Image.new("1", (24_000, 24_000)), tmp_path / "bomb.png")
    assert path.stat().st_size < 200_000
    assert "too large" in refusal(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0" * 99,
    ],
)
def test_what_is_no_picture(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(data)
    assert "not a picture; use JPEG" in refusal(path)


def test_zip_named_like_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.png", b"")
    refusal(path)


def test_folder(tmp_path: Path) -> None:
    assert "not a picture" in refusal(tmp_path)


@pytest.mark.parametrize("ref", ["missing.jpg", "~nobody-here/a.jpg", "a\0b.jpg", "x" * 5000])
def test_missing(ref: str) -> None:
    assert "no such file" in refusal(ref)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(tmp_path: Path, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = mug().crop((0, 0, 240, 200))
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(stored, tmp_path / "phone.jpg", quality=95, exif=exif)
    read = photo.load(str(path))
    assert read.pixels.shape == (200, 240, 3)
    assert close(read, upright)


def test_alpha_is_the_matte(tmp_path: Path) -> None:
    image = mug(backdrop="clear")
    read = photo.load(str(save(image, tmp_path / "cut.png")))
    assert read.alpha is not None
    assert np.array_equal(read.alpha, np.asarray(image)[..., 3])


def test_nothing_but_transparency_is_refused(tmp_path: Path) -> None:
    assert "every pixel is transparent" in refusal(
        save(Image.new("RGBA", (100, 100)), tmp_path / "clear.png")
    )


def test_opaque_alpha_says_nothing(tmp_path: Path) -> None:
    assert photo.load(str(save(mug().convert("RGBA"), tmp_path / "full.png"))).alpha is None


def test_reduced_edges_keep_their_colour(tmp_path: Path) -> None:
    image = Image.new("RGBA", (4096, 4096), (0, 0, 0, 0))
    image.paste((200, 30, 40, 255), (1000, 1001, 3000, 3001))
    read = photo.load(str(save(image, tmp_path / "cut.png", compress_level=1)))
    assert read.alpha is not None
    edge = (read.alpha > 20) & (read.alpha < 235)
    assert edge.any()
    assert (np.abs(read.pixels[edge].astype(int) - (200, 30, 40)) < 12).all()


def wide_gamut_profile() -> bytes:
    """Display P3 in all but name: sRGB with its primaries swapped for wider ones."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }
    for number in range(int.from_bytes(data[128:132], "big")):
        row = 132 + number * 12
        tag = bytes(data[row : row + 4])
        if tag in primaries:
            at = int.from_bytes(data[row + 4 : row + 8], "big") + 8
            for value in primaries[tag]:
                data[at : at + 4] = round(value * 65536).to_bytes(4, "big", signed=True)
                at += 4
    return bytes(data)


def test_wide_gamut_profile_is_converted(tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 100), (190, 90, 60))
    path = save(image, tmp_path / "p3.png", icc_profile=wide_gamut_profile())
    red, green, blue = photo.load(str(path)).pixels[50, 50].astype(int)
    assert red > 195  # the same light needs more red and less green in sRGB
    assert green < 90
    assert blue < 60


def test_profile_and_alpha_together(tmp_path: Path) -> None:
    image = mug(backdrop="clear")
    read = photo.load(str(save(image, tmp_path / "p3.png", icc_profile=wide_gamut_profile())))
    assert read.alpha is not None
    assert np.array_equal(read.alpha, np.asarray(image)[..., 3])


def test_profile_and_transparent_colour_together(tmp_path: Path) -> None:
    path = tmp_path / "key.png"
    save(mug(), path, transparency=(255, 255, 255), icc_profile=wide_gamut_profile())
    read = photo.load(str(path))
    assert read.alpha is not None
    assert read.alpha[2, 2] == 0


def test_broken_profile_is_ignored(tmp_path: Path) -> None:
    path = save(mug(), tmp_path / "bad.png", icc_profile=b"not a profile")
    assert close(photo.load(str(path)), mug(), 1)


@pytest.mark.parametrize("name", ["two words.png", "青瓷 茶壶.png", "100%.png", "café#1.png"])
def test_file_references(tmp_path: Path, name: str) -> None:
    path = save(mug(), tmp_path / name)
    assert close(photo.load(path.as_uri()), mug(), 1)
    assert close(photo.load(str(path)), mug(), 1)
    assert close(photo.load(name, base=tmp_path), mug(), 1)


def test_missing_file_reference(tmp_path: Path) -> None:
    assert "no such file" in refusal((tmp_path / "none.png").as_uri())


def test_location_is_dropped(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0)})
    exif[0x010E] = "home address"
    path = save(mug(), tmp_path / "gps.jpg", exif=exif)
    assert b"home address" in path.read_bytes()
    data = photo.encode_jpeg(photo.load(str(path)).pixels)
    with Image.open(io.BytesIO(data)) as written:
        assert not written.getexif()
    assert b"home address" not in data


def test_a_photo_on_shared_storage(tmp_path: Path) -> None:
    import fsspec

    file = save(mug(), tmp_path / "mug.png")
    fsspec.filesystem("memory").pipe_file("/photos/mug.png", file.read_bytes())
    there = photo.load("memory://photos/mug.png")
    assert (there.pixels == photo.load(str(file)).pixels).all()
    with pytest.raises(BriefError, match=r"memory://photos/cup.png': no such file in the storage"):
        photo.load("memory://photos/cup.png")

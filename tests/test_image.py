"""What can be opened as a picture, and what is refused and why."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest
from PIL import Image as Pillow

from taggers import Image
from taggers._image import MAX_FILE_BYTES
from taggers.errors import LocalResourceError, PayloadTooLarge, UnsafeUrl, UnsupportedImage
from taggers.testing import png


@pytest.mark.parametrize("format_", ["jpeg", "png", "gif", "bmp", "webp", "tiff"])
def test_format_and_size_come_from_the_header(tmp_path: Path, format_: str) -> None:
    path = tmp_path / "no-suffix"
    Pillow.new("RGB", (30, 20)).save(path, format=format_)

    image = Image.open(path)

    assert (format_, 30, 20, 1) == (image.format, image.width, image.height, image.orientation)
    assert 64 == len(image.sha256 or "")
    assert str(path) == image.source


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_upright_picture(
    tmp_path: Path, orientation: int, format_: str
) -> None:
    path, exif = tmp_path / "no-suffix", Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.new("RGB", (30, 20)).save(path, format_, exif=exif)

    image = Image.open(path)

    assert orientation == image.orientation
    assert ((20, 30) if orientation >= 5 else (30, 20)) == (image.width, image.height)


@pytest.mark.parametrize("format_", ["png", "webp"])
def test_an_orientation_that_is_out_of_range_or_unreadable_counts_as_upright(format_: str) -> None:
    made, exif = io.BytesIO(), Pillow.Exif()
    exif[0x0112] = 6
    Pillow.new("RGB", (30, 20)).save(made, format_, exif=exif)
    whole = made.getvalue()
    entry = whole.rindex(b"\x12\x01\x03\x00" if b"II*\0" in whole else b"\x01\x12\x00\x03")

    turns = {
        Image.from_bytes(whole[: entry + at] + bytes([255]) + whole[entry + at + 1 :]).orientation
        for at in range(12)
    }

    assert 6 == Image.from_bytes(whole).orientation
    assert {1, 6} >= turns


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"hello, world", "is no picture that taggers knows"),
        (b"  <!DOCTYPE html><html>", "it is a web page"),
        (b"<svg xmlns=''/>", "an SVG is a drawing"),
        (b"%PDF-1.7", "it is a PDF"),
        (b"BM and then plain text", "is no picture"),
        (b"\x89PNG\r\n\x1a\n", "begins like a png but is damaged"),
        (b"\xff\xd8\xff\xe0", "begins like a jpeg but"),
        (b"RIFF\0\0\0\0WEBPVP9 ", "begins like a webp but is damaged"),
        (b"GIF89a\0\0\0\0", "begins like a gif but gives no size"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(content: bytes, says: str) -> None:
    with pytest.raises(UnsupportedImage, match=says) as caught:
        Image.from_bytes(content)

    assert ("not sent", "image") == (caught.value.outcome, caught.value.scope)


def test_any_prefix_of_a_picture_is_a_picture_or_unsupported(photos: Path) -> None:
    for content in ((photos / "cat.jpg").read_bytes(), png(64, 48)):
        for length in range(0, min(len(content), 2048), 7):
            try:
                Image.from_bytes(content[:length])
            except UnsupportedImage:
                continue


def test_a_folder_a_missing_file_and_a_nul_in_the_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedImage, match="is a folder"):
        Image.open(tmp_path)
    with pytest.raises(LocalResourceError, match="there is no file"):
        Image.open(tmp_path / "nowhere.jpg")
    with pytest.raises(LocalResourceError, match="cannot be read"):
        Image.open("a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused: list[BaseException] = []

    def open_it() -> None:
        try:
            Image.open(tmp_path / "pipe")
        except UnsupportedImage as error:
            refused.append(error)

    thread = threading.Thread(target=open_it, daemon=True)
    thread.start()
    thread.join(5)

    assert "is a pipe or a device" in str(refused[0])


def test_a_device_is_refused() -> None:
    with pytest.raises(UnsupportedImage, match="is a pipe or a device"):
        Image.open("/dev/zero")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)

    with pytest.raises(PayloadTooLarge, match="has 100,000,001 bytes"):
        Image.open(path)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "javascript://x", "http://"])
def test_a_url_that_is_not_http_is_refused(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        Image.open(url)


def test_a_url_is_kept_as_it_is() -> None:
    image = Image.open("HTTPS://example.com/a b.jpg")

    assert ("url", "HTTPS://example.com/a b.jpg", None) == (image.kind, image.url, image.sha256)


def test_an_opened_picture_is_taken_as_it_is() -> None:
    image = Image.from_bytes(png(10, 10))

    assert image is Image.open(image)
    assert image.sha256 == Image.open(memoryview(png(10, 10))).sha256

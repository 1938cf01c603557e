"""
Writes pictures with a palette of 256 colors, which take about a third of the bytes of what a browser writes.

A page has few colors besides the shades between letters and background, and nobody sees that some of those are merged.
"""

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

COLORS = 256
APART = 6  # between two colors of the palette
# The browser decodes its own picture, so that no decoder is needed here. Rows of red, green, blue and opacity.
_DECODE = """
async (encoded) => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + encoded)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  canvas.drawImage(bitmap, 0, 0);
  const { data } = canvas.getImageData(0, 0, bitmap.width, bitmap.height);
  const url = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(new Blob([data]));
  });
  return [bitmap.width, bitmap.height, url.split(",")[1]];
}
"""


def small(page: Page, picture: bytes) -> bytes:
    """The same picture with a palette. `page` may be any page of a browser but one with a content security policy."""
    width, height, encoded = page.evaluate(_DECODE, base64.b64encode(picture).decode())
    pixels = np.frombuffer(base64.b64decode(encoded), dtype=np.uint8).reshape(height, width, 4)[:, :, :3]
    palette, indices = _reduced(pixels)
    # Each row begins with its filter: none, which is best for palettes.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indices], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits a pixel, with a palette
    parts = (b"IHDR", header), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _reduced(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The colors of the palette, shape (n, 3), and for each pixel the index of the nearest, shape (height, width)."""
    numbers = pixels.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    found, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    colors = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    kept: list[int] = []
    for color in np.argsort(-counts, kind="stable"):
        # A color of its own in a few pixels, such as that of a small sign, goes before one more shade of gray.
        if not kept or ((colors[kept] - colors[color]) ** 2).sum(axis=1).min() > APART**2:
            kept.append(color)
        if len(kept) == COLORS:
            break
    apart = ((colors[:, None, :] - colors[kept][None, :, :]) ** 2).sum(axis=2)
    nearest = apart.argmin(axis=1).astype(np.uint8)
    return colors[kept].astype(np.uint8), nearest[inverse].reshape(pixels.shape[:2])


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

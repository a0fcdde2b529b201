"""Small PNG files of screenshots: 256 colours, chosen from the picture, dithered as far as the size allows."""

import asyncio
import base64
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Page

MOST = 295_000

# Thresholds of ordered dithering, around zero (Bayer 1973).
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 15 - 0.5

_PIXELS = """async (source) => {
  const image = await createImageBitmap(await (await fetch(source)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  const draw = canvas.getContext("2d");
  draw.drawImage(image, 0, 0);
  const { data } = draw.getImageData(0, 0, image.width, image.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}"""


async def write_small(page: Page, shot: bytes, file: Path, most: int = MOST) -> None:
    """Writes a screenshot with a palette of its own. The browser decodes it, in a page without a content policy."""
    decoder = await page.context.new_page()
    width, height, pixels = await decoder.evaluate(_PIXELS, "data:image/png;base64," + base64.b64encode(shot).decode())
    await decoder.close()
    image = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)[:, :, :3]
    await asyncio.to_thread(file.write_bytes, smallest(image, most))


def smallest(image: NDArray[np.uint8], most: int = MOST) -> bytes:
    """With as much dithering as fits `most` bytes; it hides the steps of gradients and makes the file larger."""
    packed = b""
    for strength in (6, 3, 0):
        packed = encode(*reduce(image, strength))
        if len(packed) <= most:
            break
    return packed


def reduce(image: NDArray[np.uint8], strength: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture as indexes into a palette of 256 colours: ordered dithering, median cut, then k-means."""
    height, width = image.shape[:2]
    pattern = np.tile(_BAYER, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    flat = np.clip(image + pattern * strength, 0, 255).reshape(-1, 3).astype(np.int64)
    # 6 bits a channel: fine enough for gradients, few enough to be cut quickly.
    codes = (flat[:, 0] >> 2) << 12 | (flat[:, 1] >> 2) << 6 | flat[:, 2] >> 2
    _, where, counts = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(where, flat[:, channel]) for channel in range(3)], axis=1)
    colours = sums / counts[:, None]
    palette = _median_cut(colours, counts, 256)
    for _ in range(4):
        nearest = _nearest(colours, palette)
        weight = np.bincount(nearest, counts, len(palette))
        moved = np.stack([np.bincount(nearest, counts * colours[:, channel], len(palette)) for channel in range(3)], axis=1)
        palette = np.where(weight[:, None] > 0, moved / np.maximum(weight, 1)[:, None], palette)
    nearest = _nearest(colours, palette)
    return nearest[where].reshape(image.shape[:2]).astype(np.uint8), np.rint(palette).astype(np.uint8)


def _median_cut(colours: NDArray[np.float64], counts: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    boxes = [np.arange(len(colours))]
    while len(boxes) < size:
        # A gradient over the whole background must not take every colour from the small things on it.
        spread = [np.ptp(colours[box], axis=0).max() * counts[box].sum() ** 0.35 if len(box) > 1 else 0 for box in boxes]
        at = int(np.argmax(spread))
        if spread[at] == 0:
            break
        box = boxes.pop(at)
        axis = int(np.argmax(np.ptp(colours[box], axis=0)))
        box = box[np.argsort(colours[box, axis], kind="stable")]
        half = np.cumsum(counts[box])
        cut = min(max(1, int(np.searchsorted(half, half[-1] / 2))), len(box) - 1)
        boxes += [box[:cut], box[cut:]]
    return np.array([np.average(colours[box], axis=0, weights=counts[box]) for box in boxes])


def _nearest(colours: NDArray[np.float64], palette: NDArray[np.float64]) -> NDArray[np.int64]:
    parts = [colours[at : at + 4096] for at in range(0, len(colours), 4096)]
    return np.concatenate([((part[:, None, :] - palette[None]) ** 2).sum(axis=2).argmin(axis=1) for part in parts])


def encode(indexes: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """A PNG of 8 bits with a palette (W3C PNG, third edition, 11.2)."""
    height, width = indexes.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indexes], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    packed = zlib.compress(rows.tobytes(), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"PLTE", palette.tobytes())
        + chunk(b"IDAT", packed)
        + chunk(b"IEND", b"")
    )

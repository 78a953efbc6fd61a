"""One zstd frame, unpacked as a stream up to a bound: what a frame says of its size is no proof."""

import io

import zstandard

_LEVEL = 3
_WINDOW_BYTES = 8 * 1024 * 1024


def pack(data: bytes) -> bytes:
    """Pack into one zstd frame."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(data)


def unpack(data: bytes, most_bytes: int) -> bytes | None:
    """Unpack one frame; None if it is none, or holds more than `most_bytes`.

    Of a frame that is cut off, what there is: whoever reads it finds it incomplete.
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
    parts, left = [], most_bytes + 1
    try:
        with decompressor.stream_reader(io.BytesIO(data), read_across_frames=False) as reader:
            while left and (part := reader.read(left)):
                parts.append(part)
                left -= len(part)
    except zstandard.ZstdError:
        return None
    return b"".join(parts) if left else None

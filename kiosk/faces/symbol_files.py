"""A symbol as a file: PNG in whole pixels, SVG as one path."""

from pathlib import Path

from PIL import Image

from sync.rules.symbols import Matrix

QUIET_MODULES = 4
PIXELS_PER_MODULE = 10


def write_png(matrix: Matrix, path: Path) -> None:
    """Write black on white with its quiet zone, ten pixels a module. Raises `OSError`."""
    side = len(matrix) + 2 * QUIET_MODULES
    image = Image.new("1", (side, side), 1)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + QUIET_MODULES, y + QUIET_MODULES), 0)
    size = side * PIXELS_PER_MODULE
    image.resize((size, size), Image.Resampling.NEAREST).save(path, format="PNG")


def write_svg(matrix: Matrix, path: Path) -> None:
    """Write black on white with its quiet zone, one unit a module. Raises `OSError`."""
    side = len(matrix) + 2 * QUIET_MODULES
    dark = "".join(
        f"M{x + QUIET_MODULES} {y + QUIET_MODULES}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, on in enumerate(row)
        if on
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"'
        f' shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="{dark}" fill="#000"/></svg>\n',
        "utf-8",
    )

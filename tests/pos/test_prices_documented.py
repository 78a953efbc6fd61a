"""The worked tables in docs/prices.md are the vectors that the price rule is tested with."""

import json
from pathlib import Path
from typing import Any

from sync.rules.money import format_yuan

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "prices.md").read_text("utf-8")
VECTORS = json.loads((ROOT / "tests" / "vectors" / "pricing.json").read_text("utf-8"))


def amount_of(line: dict[str, Any]) -> str:
    if "quantity" in line:
        text = f"{line['quantity']} {line['sku']}"
    else:
        weight_g = line.get("weight_g")
        text = line["sku"] + (f" {weight_g / 1000:.3f} kg" if weight_g else "")
    if "label_fen" in line:
        text += f" label {format_yuan(line['label_fen'])}"
    return text + (" shipped" if line.get("delivery") == "shipped" else "")


def item_row(sku: str, item: dict[str, Any]) -> str:
    plus_fen = item.get("plus_fen")
    weighed = item.get("weighed", False)
    tiers = ", ".join(
        f"{start // 1000 if weighed else start}: {format_yuan(fen)}"
        for start, fen in item.get("tiers", [])
    )
    cells = [
        sku,
        f"{item['name_en']} ({item['unit']})",
        format_yuan(item["retail_fen"]),
        format_yuan(plus_fen) if plus_fen is not None else "–",
        tiers or "–",
        item.get("mix_group", item.get("kind", "–")),
    ]
    return f"| {' | '.join(cells)} |"


def vector_row(vector: dict[str, Any]) -> str:
    lines = vector["lines"]
    cells = [
        f"{vector['name']}: {vector['why']}",
        "yes" if vector["plus"] else "no",
        " + ".join(amount_of(line) for line in lines) or "–",
        " + ".join(f"{format_yuan(line['amount_fen'])} {line['price']}" for line in lines) or "–",
        format_yuan(vector["total_fen"]),
        format_yuan(vector["saved_fen"]),
        format_yuan(vector["plus_saved_fen"]),
    ]
    return f"| {' | '.join(cells)} |"


def test_every_item_and_vector_stands_in_the_page() -> None:
    rows = [item_row(sku, item) for sku, item in VECTORS["items"].items()]
    rows += [vector_row(vector) for vector in VECTORS["vectors"]]
    assert [row for row in rows if row not in PAGE.splitlines()] == []

"""The hub's /docs: its OpenAPI description as one plain page that needs no internet."""

from collections.abc import Mapping
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 1rem }}
section {{ border: 1px solid #8886; border-radius: 6px; padding: 0 1rem 1rem; margin: 1rem 0 }}
h2 {{ font-size: 1.1rem }} code, b {{ font-family: ui-monospace, monospace }}
b {{ background: #0a7; color: #fff; border-radius: 4px; padding: 0 .4em }}
td {{ padding: .1rem 1rem .1rem 0; vertical-align: top }}
:root {{ color-scheme: light dark }}
</style></head>
<body><h1>{title}</h1><p>{description}</p>
<p>The same for programs: <a href="/openapi.json">openapi.json</a></p>
{operations}</body></html>
"""


def render(openapi: Mapping[str, Any]) -> str:
    """Return the page for an OpenAPI document: each operation with its body and answers."""
    operations = [
        _operation(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    info = openapi["info"]
    return _PAGE.format(
        title=escape(info["title"]),
        description=escape(info.get("description", "")),
        operations="\n".join(operations),
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    heading = f"<h2><b>{escape(method.upper())}</b> <code>{escape(path)}</code></h2>"
    summary = f"<p>{escape(operation.get('summary', ''))}</p>"
    rows = [_row("body", body) for body in [operation.get("requestBody")] if body]
    rows += [_row(status, answer) for status, answer in operation["responses"].items()]
    return f"<section>{heading}{summary}<table>{''.join(rows)}</table></section>"


def _row(name: str, described: Mapping[str, Any]) -> str:
    kinds = ", ".join(described.get("content", {}))
    text = escape(described.get("description", ""))
    return (
        f"<tr><td><code>{escape(name)}</code></td><td>{text}<br>"
        f"<code>{escape(kinds)}</code></td></tr>"
    )

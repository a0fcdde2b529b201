"""The RGS door's OpenAPI document, and Swagger UI to read it with: from a package, so that nothing comes from elsewhere."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from webingo.server.assets import AssetCache
from webingo.server.files import FileHandler
from webingo.server.pages import PageHandler

# Swagger UI writes styles into its elements, and has its icons in the sheet.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>webingo RGS</title>
<link rel="icon" href="/docs/rgs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/rgs/swagger-ui.css">
<link rel="stylesheet" href="/docs/rgs/page.css">
</head>
<body>
<div id="ui"></div>
<script src="/docs/rgs/swagger-ui-bundle.js"></script>
<script src="/docs/rgs/page.js"></script>
</body>
</html>
"""
_SCRIPT = b"""SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  validatorUrl: null,
});
"""
_STYLE = b"""body { margin: 0; background: #fafafa; }
.swagger-ui .info { margin: 24px 0; }
.swagger-ui .scheme-container { padding: 12px 0; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 10px; }
  .swagger-ui .info hgroup.main a { word-break: break-all; }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  .swagger-ui .opblock .opblock-summary-path { max-width: none; }
  .swagger-ui .opblock .opblock-summary-description { flex-basis: 100%; padding: 6px 0; }
  .swagger-ui table.responses-table td { display: block; padding: 4px 0; }
}
"""


def routes(document: dict[str, Any]) -> list[Any]:
    pages: list[Any] = [(r"/openapi\.json", _FixedHandler, {"body": json.dumps(document).encode(), "kind": "application/json"})]
    found = find_spec("swagger_ui")
    if found is not None and found.submodule_search_locations:
        files = {"root": Path(found.submodule_search_locations[0]) / "static", "cache": AssetCache(), "policy": _POLICY}
        pages += [
            (r"/docs/rgs", _FixedHandler, {"body": _PAGE, "kind": "text/html; charset=utf-8"}),
            (r"/docs/rgs/page\.js", _FixedHandler, {"body": _SCRIPT, "kind": "text/javascript; charset=utf-8"}),
            (r"/docs/rgs/page\.css", _FixedHandler, {"body": _STYLE, "kind": "text/css; charset=utf-8"}),
            (r"/docs/rgs/(swagger-ui\.css|swagger-ui-bundle\.js|favicon-32x32\.png)", FileHandler, files),
        ]
    return pages


class _FixedHandler(PageHandler):
    """What is the same for everybody; Tornado's ETag tells those who have it."""

    def initialize(self, body: bytes, kind: str) -> None:
        self._body, self._kind = body, kind

    def get(self) -> None:
        self.set_header("Content-Type", self._kind)
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("Cache-Control", "no-cache")
        self.finish(self._body)

    head = get

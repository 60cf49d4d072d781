"""The documentation page, from files that come with us: nothing is loaded from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send
from swagger_ui_bundle import swagger_ui_path

PAGE = "/api/docs"
SPEC = "/api/openapi.json"
_FILES = {
    f"{PAGE}/swagger-ui.css": "text/css",
    f"{PAGE}/swagger-ui-bundle.js": "text/javascript",
}
_START = f"{PAGE}/start.js"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HTML = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Invekto API</title>
<link rel="stylesheet" href="{PAGE}/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="{PAGE}/swagger-ui-bundle.js"></script>
<script src="{_START}"></script>
</body>
</html>
"""
_SCRIPT = f"""SwaggerUIBundle({{
  url: "{SPEC}", dom_id: "#page", deepLinking: true, docExpansion: "none", validatorUrl: null
}});
"""


class DocsPage:
    def __init__(self, spec: dict[str, Any]) -> None:
        shown = json.dumps(spec, ensure_ascii=False, separators=(",", ":"))
        self._said = {
            PAGE: (_HTML, "text/html"),
            _START: (_SCRIPT, "text/javascript"),
            SPEC: (shown, "application/json"),
        }

    def has(self, path: str) -> bool:
        return path in self._said or path in _FILES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        headers = {"content-security-policy": _POLICY, "cache-control": "max-age=300"}
        if path in _FILES:
            file = swagger_ui_path / path.rpartition("/")[2]
            response: Response = FileResponse(file, media_type=_FILES[path], headers=headers)
        else:
            text, media_type = self._said[path]
            response = Response(text, media_type=media_type, headers=headers)
        await response(scope, receive, send)

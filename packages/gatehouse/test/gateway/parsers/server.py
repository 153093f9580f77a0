"""What an MCP server in Python would run of each line: one JSON array of [kind, name] a line."""
import json
import posixpath
import sys
import unicodedata
from urllib.parse import unquote, urljoin


def readings(kind, name):
    """Names as a server reads them that cares little for spelling."""
    if kind != "resource":
        folded = unicodedata.normalize("NFKC", name).casefold().strip()
        return [name, "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Cc"))]
    scheme, _, rest = name.partition("://")
    return [
        name,
        unquote(name),
        posixpath.normpath(unquote(unquote(name))),
        scheme + "://" + posixpath.normpath(unquote(rest)).lstrip("./"),
        urljoin("http://host/", unquote(rest)).replace("http://host/", scheme + "://"),
    ]


def snake(params, name):
    """As models do that take both spellings."""
    other = "".join("_" + c.lower() if c.isupper() else c for c in name)
    return params.get(name, params.get(other))


def run(message):
    if not isinstance(message, dict):
        return
    method, params = message.get("method"), message.get("params")
    if not isinstance(method, str) or not isinstance(params, dict):
        return
    method = method.strip().casefold()
    ref = params.get("ref") if isinstance(params.get("ref"), dict) else {}
    listening = params.get("notifications")
    listening = snake(listening, "resourceSubscriptions") if isinstance(listening, dict) else []
    found = {
        "tools/call": [("tool", params.get("name"))],
        "prompts/get": [("prompt", params.get("name"))],
        "resources/read": [("resource", params.get("uri"))],
        "resources/subscribe": [("resource", params.get("uri"))],
        "completion/complete": [
            ("prompt", ref.get("name")) if ref.get("type") == "ref/prompt" else ("resource", ref.get("uri"))
        ],
        "subscriptions/listen": [("resource", uri) for uri in listening] if isinstance(listening, list) else [],
    }.get(method, [])
    for kind, name in found:
        if isinstance(name, str):
            yield from ([kind, reading] for reading in readings(kind, name))


for line in sys.stdin.buffer:
    ran = []
    try:
        sent = json.loads(line)
        for message in sent if isinstance(sent, list) else [sent]:
            ran.extend(run(message))
    except (ValueError, RecursionError):
        pass
    print(json.dumps(ran))

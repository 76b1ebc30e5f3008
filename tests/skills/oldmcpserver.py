"""An MCP server of the first kind, by hand: handshake, and a word when its tools change."""

from __future__ import annotations

import json
import sys
from typing import Any

TOOLS = ["learn"]


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            answer = reply(message["method"], message.get("params") or {})
            tell({"jsonrpc": "2.0", "id": message["id"], **answer})


def reply(method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        info = {"name": "old", "version": "1"}
        version = params["protocolVersion"]
        capabilities = {"tools": {"listChanged": True}}
        return {"result": {"protocolVersion": version, "capabilities": capabilities, "serverInfo": info}}
    if method == "tools/list":
        return {"result": {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]}}
    if method == "tools/call":
        TOOLS.append("learned")
        tell({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        return {"result": {"content": [{"type": "text", "text": '{"tools": 2}'}]}}
    return {"error": {"code": -32601, "message": "Method not found"}}


def tell(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()

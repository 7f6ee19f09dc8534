"""Every way in: HTTP, WebSocket, page, command line."""

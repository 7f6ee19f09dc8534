"""The live feed on three transports: WebSocket, Server-Sent Events and NDJSON, over one subscription."""

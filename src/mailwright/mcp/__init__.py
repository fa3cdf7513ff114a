"""The MCP door: one tool per noun, for assistants. Form only; the SDK is loaded when used."""

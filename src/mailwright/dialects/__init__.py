"""Other services' APIs, so that a team moves in by changing a base URL. Form only, no rules."""

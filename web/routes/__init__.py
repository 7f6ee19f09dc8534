"""One file per noun, thin: parse, ask, encode. No route knows another, or an actor."""

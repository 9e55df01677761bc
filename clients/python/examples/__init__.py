"""Examples: copy one and change it."""

"""Programs to begin with: copy one and change it."""

"""Charts: their geometry as values, and the SVG of it."""

"""The pages, one module or folder each: its routes, and what its template shows."""

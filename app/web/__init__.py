"""HTTP, pages and the stream."""

"""What the kernel does, written once over a table of operations."""

"""The model held against recordings, and against conformance sets."""

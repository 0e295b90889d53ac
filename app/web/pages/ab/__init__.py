"""The A/B page."""

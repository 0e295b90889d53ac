"""The page of back ends."""

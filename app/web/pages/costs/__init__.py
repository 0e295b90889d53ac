"""The page of cost sheets."""

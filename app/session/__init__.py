"""Simulations that live: paced against wall time, watched by many."""

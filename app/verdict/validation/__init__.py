"""Published benchmarks, run again on the model."""

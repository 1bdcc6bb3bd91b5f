"""Measurements anyone can repeat: `python -m benchmarks` runs them all and prints Markdown tables."""

"""How well the embedded miniature does what its tags say: `python -m benchmarks.adherence`."""

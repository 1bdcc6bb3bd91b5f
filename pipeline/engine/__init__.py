"""The step-level engine and everything that loads its models. The only place that imports torch."""

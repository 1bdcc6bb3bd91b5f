"""End-to-end scenarios."""

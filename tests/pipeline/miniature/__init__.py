"""Tests of `pipeline.miniature`."""

"""Tests of `pipeline.safety`."""

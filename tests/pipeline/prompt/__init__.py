"""Tests of pipeline.prompt."""

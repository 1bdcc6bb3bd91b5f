"""Model profiles: data files that mirror the checkpoints' cards, and the loader that checks them."""

from pipeline.profiles.loader import load_profiles

__all__ = ["load_profiles"]

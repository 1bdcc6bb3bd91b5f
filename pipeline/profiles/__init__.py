"""Model profiles: data files that mirror the models' cards, and their strict reader."""

from pipeline.profiles.loader import load_profile, load_profiles

__all__ = ["load_profile", "load_profiles"]

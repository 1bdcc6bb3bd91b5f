"""Prompts: grammar, Danbooru spelling, composing by a profile, tokens. Imports no torch."""

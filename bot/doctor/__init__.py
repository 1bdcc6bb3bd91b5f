"""Checks that tell a server owner what is missing before members do."""

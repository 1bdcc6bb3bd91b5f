"""Everything a member touches on Discord: slash commands, views, buttons, delivery. Thin on purpose."""

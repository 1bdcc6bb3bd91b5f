"""The command line: the same code paths as on Discord. Each command imports only what it needs."""

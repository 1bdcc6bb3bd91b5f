"""The command line: the same code paths as on Discord, without Discord. Each command imports only what it needs."""

"""The bot against a simulated Discord in the browser (`make demo`): no token, no GPU, no download."""

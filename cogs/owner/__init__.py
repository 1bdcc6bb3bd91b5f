"""What the owner of the instance touches: the `/owner` commands of the control server. English only."""

"""What moderators touch: the `/mod` commands, their views and buttons. Thin."""

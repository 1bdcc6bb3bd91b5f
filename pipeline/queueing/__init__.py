"""Who is painted next, what it costs, and how long it takes. Pure: no torch, no clock, no database."""

"""The miniature: the artist whose pictures it learns from, its training, and the trained model the repository ships."""

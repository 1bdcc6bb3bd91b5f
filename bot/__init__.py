"""The program: command line, settings, composition root, use cases, doctor and demo."""

"""Trains the miniature: tokenizer, VAE, text encoders and UNet of a very small SDXL, on the artist's pictures.

Nothing is imported here, so that the processes that draw pictures do not load torch.
"""

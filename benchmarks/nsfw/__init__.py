"""What the npm package `nsfwjs` itself says about pictures, for comparison with the port in `pipeline.engine.nsfw`."""

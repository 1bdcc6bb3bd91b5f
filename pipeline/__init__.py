"""Everything about pictures: profiles, prompts, the engine, the queue, upscaling and PNG metadata.

Nothing here knows about Discord or SQLite. `torch`, `diffusers` and `transformers` are imported only
inside `pipeline.engine`, and only when a picture is painted.
"""

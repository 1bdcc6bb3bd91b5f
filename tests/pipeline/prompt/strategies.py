"""Hypothesis strategies for prompts: arbitrary text, and text made of everything the grammar looks at."""

from __future__ import annotations

from hypothesis import strategies as st

_PIECES = (
    *"()[]\\:;,_=<>|^.-+/ 3doDx",
    *(
        "BREAK",
        " BREAK ",
        "BRE",
        "AK",
        ":1.2)",
        ":0.5",
        ":-1)",
        ":3",
        ":nan)",
        ":...)",
        ":1.1.1)",
        "\\(",
        "\\)",
        "\\\\",
    ),
    *(
        "1girl",
        "long hair",
        "very_long_hair",
        "_(chess)",
        " (cyberpunk)",
        "lucy",
        "oshi no ko",
        "dress",
        "white dress",
    ),
    *(
        ":)",
        ";)",
        ">_<",
        "^_^",
        "o_o",
        "(o)_(o)",
        "\\m/",
        "|_|",
        "masterpiece",
        "nsfw",
        "rating: general",
        "year 2010",
    ),
    *("best quality", "worst quality", "best aesthetic", "newest", "nsfw.", "slightly nsfw", "sensitive"),
    *(
        "score_9",
        "smile",
        "(",
        ")",
        ":1.2)",
        ", ",
        ", ",
        " ",
        "\n",
        "\t",
        "\u200b",
        "\u200f",
        "\u0301",
        "é",
        "e\u0301",
        "İ",
        "，",
        "\u3000",
    ),
    *("𝕏", "👨‍👩‍👧", "\u2028", "\x85", "\x00", "\ud800", "東京", "ﬁ", "²", "١"),
)
soup = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)
"""Text dense with brackets, weights, names, emoticons, marks and broken signs."""
prompts = st.one_of(
    soup, st.text(st.characters(), max_size=60), st.binary(max_size=40).map(lambda b: b.decode("latin-1"))
)
"""Anything at all."""

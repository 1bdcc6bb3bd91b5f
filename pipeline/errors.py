"""The one family of exceptions whose text may be shown to a member."""

from __future__ import annotations

from pipeline.sentence import Sentence


class MemberError(Exception):
    """Something a person can understand and act on.

    `template` is a full sentence that says what is wrong and what would be right, with `str.format`
    fields; `params` fill it. Template and parameters stay apart so that a translator can look the
    sentence up by its template. Everything that is *not* a `MemberError` is a fault of ours: it is logged
    with its traceback under a reference id, and the member sees only that id.
    """

    def __init__(self, template: str, **params: object) -> None:
        self.template = template
        self.params = params
        super().__init__(self.text)

    @property
    def text(self) -> Sentence:
        """The finished sentence: English, and able to be said in another language."""
        return Sentence(self.template, **self.params)


class InvalidRequest(MemberError):
    """An option or a prompt that cannot be painted as it stands."""


class ProfileError(MemberError):
    """A profile's data file is wrong: the text names file, key and reason."""


class WeightsError(MemberError):
    """A checkpoint is missing, broken or cannot be downloaded: the text names it."""


class Cancelled(MemberError):
    """The work was cancelled between two denoising steps."""


class OutOfMemory(MemberError):
    """A picture does not fit into memory even after every step of the ladder."""

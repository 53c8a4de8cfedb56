"""What an exported file says of itself: whose licence it carries, what it shows, and what made it.

Each format has its own place for it (a comment, a text chunk, `asset.copyright`); the words are the same everywhere.
"""

from dataclasses import dataclass

from core import origins


@dataclass(frozen=True)
class Provenance:
    """`terms` is one sentence about the licence; `title` says what is in the file, `note` what it leaves out."""

    terms: str
    title: str = ""
    note: str = ""

    @property
    def made_by(self) -> str:
        """Such as `Posecast 0.1.0`."""
        return origins.made_by()

    def lines(self) -> tuple[str, ...]:
        """For a header of comments: what it is, whose, by what. Each is one line of plain text."""
        words = (self.title, self.terms, self.note, f"Made with {self.made_by}")
        return tuple(" ".join(each.split()) for each in words if each.strip())

    def sentence(self) -> str:
        """All of it as one comment."""
        return ". ".join(each.rstrip(".") for each in self.lines()) + "."

"""What every part of the Annotate page is to the page: it offers commands, follows the clip, and ends with the page.

A part is made by the page with what it needs, and put into `AnnotatePage.parts`; the page asks nothing else of it.
"""

from typing import Protocol, runtime_checkable

from studio.actions import Handlers


class Part(Protocol):
    """One thing a person does on the page, such as editing joints or answering suggestions."""

    def commands(self) -> Handlers:
        """What its keys do."""
        ...

    def checked(self) -> dict[str, bool]:
        """Which of its toggles are on."""
        ...

    def refresh(self) -> None:
        """Show the clip, the selection and the playhead as they stand now. Called often: cheap where nothing moved."""
        ...

    @property
    def is_settled(self) -> bool:
        """Whether everything it asked for is on the screen."""
        ...

    def close(self) -> None:
        """End what runs beside the window."""
        ...


@runtime_checkable
class Mode(Protocol):
    """A part that Esc leaves: editing joints, a box to be drawn, a card that asks."""

    def back_out(self) -> bool:
        """Leave what the person is in the middle of; whether there was anything to leave."""
        ...


class Parts:
    """The parts of the page as one."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        self._parts.append(part)

    def commands(self) -> Handlers:
        return {name: handler for part in self._parts for name, handler in part.commands().items()}

    def checked(self) -> dict[str, bool]:
        return {name: on for part in self._parts for name, on in part.checked().items()}

    def refresh(self) -> None:
        for part in self._parts:
            part.refresh()

    def back_out(self) -> bool:
        """Leave the first thing that can be left, in the order the parts were added."""
        return any(part.back_out() for part in self._parts if isinstance(part, Mode))

    @property
    def is_settled(self) -> bool:
        return all(part.is_settled for part in self._parts)

    def close(self) -> None:
        for part in self._parts:
            part.close()

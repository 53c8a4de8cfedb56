"""How people and forecasts are shown on the pages: joints, body or both, how opaque, in front or beside; which lanes.

The choices are the person's and stay for the next time; every page that draws people watches `changed`.
"""

from typing import Literal, get_args

from PySide6.QtCore import QObject, Signal

from studio.settings import MOST_FUTURES, MOST_TRANSPARENT, Settings, Shows

Place = Literal["forecast", "annotate"]
SHOWS: tuple[Shows, ...] = get_args(Shows)


class Display(QObject):
    """The choices of one window."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings

    @property
    def body(self) -> str:
        """Whose form: a key of core.bodies.library."""
        return self._settings.body

    @property
    def opacity(self) -> float:
        """Of a body over a picture, 0.2 to 1."""
        return self._settings.body_opacity / 100

    @property
    def is_beside(self) -> bool:
        return self._settings.body_beside

    def shows(self, page: Place) -> Shows:
        return self._settings.forecast_shows if page == "forecast" else self._settings.annotate_shows

    def show(self, page: Place, shows: Shows) -> None:
        """Joints, body or both."""
        if page == "forecast":
            self._settings.forecast_shows = shows
        else:
            self._settings.annotate_shows = shows
        self._keep()

    def cycle(self, page: Place) -> Shows:
        """The next of the three."""
        following = SHOWS[(SHOWS.index(self.shows(page)) + 1) % len(SHOWS)]
        self.show(page, following)
        return following

    def set_opacity(self, opacity: float) -> None:
        self._settings.body_opacity = max(MOST_TRANSPARENT, min(100, round(100 * opacity)))
        self._keep()

    def set_beside(self, *, on: bool) -> None:
        self._settings.body_beside = on
        self._keep()

    @property
    def has_lanes(self) -> bool:
        """Whether Annotate's timeline shows forecasts."""
        return self._settings.forecast_lanes

    @property
    def lane_futures(self) -> int:
        """How many futures stand behind each of them."""
        return self._settings.lane_futures

    @property
    def walks_to_drafts(self) -> bool:
        """Whether "Next missing" stops at drafts nobody has looked at."""
        return self._settings.walks_to_drafts

    def kept_lanes(self, project: str) -> list[str] | None:
        """The forecasters whose lanes were last shown for the project in this folder; None: nobody ever chose."""
        return self._settings.lanes.get(project)

    @property
    def has_light_copies(self) -> bool:
        """Whether videos that are slow to seek get a light copy for scrubbing."""
        return self._settings.light_copies

    def show_lanes(self, *, on: bool) -> None:
        self._settings.forecast_lanes = on
        self._settings.save()

    def set_lane_futures(self, count: int) -> None:
        self._settings.lane_futures = max(0, min(count, MOST_FUTURES))
        self._settings.save()

    def set_walks_to_drafts(self, *, on: bool) -> None:
        self._settings.walks_to_drafts = on
        self._settings.save()

    def keep_lanes(self, project: str, lanes: list[str]) -> None:
        self._settings.lanes[project] = lanes
        self._settings.save()

    def kept_rows(self, what: str) -> list[str]:
        """Of the timeline's rows their "order", those that are "hidden", or those that are "locked", by key."""
        return self._settings.rows.get(what, [])

    def keep_rows(self, rows: dict[str, list[str]]) -> None:
        self._settings.rows = rows
        self._settings.save()

    def look_again(self) -> None:
        """The settings were changed elsewhere, such as in their dialog."""
        self.changed.emit()

    def _keep(self) -> None:
        self._settings.save()
        self.changed.emit()

"""What Annotate does with many segments: choose all, copy, paste, ripple, nudge, walk through gaps; and their menu.

Copies go through the system's clipboard as text, so that they reach other clips and other windows. A pose that comes
to lie on another frame is known by that frame's identity, so the edit is made once those frames were looked at.
"""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from core.errors import ProjectError
from core.project import many_segments
from core.project.annotations import FrameIdentity, Project
from core.project.copied_segments import Copied, from_text
from core.project.edits import next_of
from studio import icons, theme
from studio.actions import Handlers
from studio.commands import label_key, shown, words_of
from studio.document import Document
from studio.pages.annotate_casting import Casting
from studio.pages.annotate_changing import Changing, Span
from studio.pages.annotate_marking import Marking
from studio.pages.annotate_walks import Walks
from studio.widgets.parts import literal
from studio.widgets.timeline import Timeline
from studio.words import say

_MENU = (
    ("split", "merge", "nearest-end", "ripple-end", "segment-left", "segment-right"),
    ("confirm-draft", "set-pose", "remove-pose"),
    ("copy-segments", "paste-segments", "all-segments", "zoom-selection"),
    ("delete-segment",),
)
_ANY_TIME = ("copy-segments", "all-segments", "zoom-selection")
"""Of the menu, what a project open for reading can do."""


class Segments(QObject):
    """Many segments at once; a part of the page."""

    def __init__(
        self,
        document: Document,
        changing: Changing,
        marking: Marking,
        casting: Casting,
        walks: Walks,
        timeline: Timeline,
    ) -> None:
        super().__init__(timeline)
        self._document, self._changing, self._marking = document, changing, marking
        self._casting, self._walks, self._timeline = casting, walks, timeline
        timeline.spans_copied.connect(self.duplicate)
        timeline.rippled.connect(changing.ripple)
        timeline.refused.connect(changing.says)

    def commands(self) -> Handlers:
        changing = self._changing
        return {
            "copy-segments": self.copy,
            "paste-segments": self.paste,
            "all-segments": self.choose_all,
            "ripple-end": changing.ripple_nearest_end,
            "segment-left": partial(changing.nudge, -1),
            "segment-right": partial(changing.nudge, 1),
            "next-gap": partial(self.to_gap, 1),
            "previous-gap": partial(self.to_gap, -1),
        }

    def checked(self) -> dict[str, bool]:
        return {}

    def refresh(self) -> None: ...

    @property
    def is_settled(self) -> bool:
        return True

    def close(self) -> None: ...

    def back_out(self) -> bool:
        """Esc: the stretch marked by I and O is marked no more."""
        marked = self._marking.start is not None or self._marking.end is not None
        if marked:
            self._marking.mark_range(None, None)
        return marked

    # ---- choosing and walking ----

    def choose_all(self) -> None:
        """Every segment that is shown."""
        scene = self._timeline.scene
        shown = {row.track for row in scene.rows() if row.kind == "segments"}
        self._timeline.choose(frozenset(each for at in shown for each in scene.contents.tracks[at].ids))

    def to_gap(self, step: int) -> None:
        """Y: the next stretch without a label, marked from I to O, so that a label's key fills it."""
        gap = self._walks.to_gap(step)
        if gap is not None:
            self._marking.mark_range(*gap)

    # ---- copies ----

    def copy(self) -> None:
        """Ctrl+C: what is chosen, or what the playhead lies in, to the clipboard."""
        clip, meant = self._document.clip, self._changing.meant()
        ids = self._changing.chosen or (frozenset({meant.id}) if meant is not None else frozenset())
        if clip is None or not ids:
            self._changing.says.emit(say("Choose the segments to copy"))
            return
        what = many_segments.copied(self._document.project, clip.id, ids)
        QGuiApplication.clipboard().setText(what.text())
        words = (
            say("1 segment is copied: {key} pastes at the playhead, also in another clip", key=shown("paste-segments"))
            if len(ids) == 1
            else say(
                "{count} segments are copied: {key} pastes at the playhead, also in another clip",
                count=len(ids),
                key=shown("paste-segments"),
            )
        )
        self._changing.says.emit(words)

    def paste(self) -> None:
        """Ctrl+V: what was copied, from the playhead on."""
        try:
            what = from_text(QGuiApplication.clipboard().text())
        except ProjectError as error:
            said = str(error)
            self._changing.says.emit(f"{said[:1].upper()}{said[1:]}. {error.hint}")
            return
        count = len(what.segments)
        label = f"Paste {what.segments[0].action}" if count == 1 else f"Paste {count} segments"
        self._place(what, self._document.playhead, self._changing.actor, label)

    def duplicate(self, spans: tuple[Span, ...]) -> None:
        """Alt+drag: others like these, where they were let go."""
        clip = self._document.clip
        first = clip.segment(spans[0][0]) if clip is not None else None
        if clip is None or first is None:
            return
        what = many_segments.copied(self._document.project, clip.id, [each[0] for each in spans])
        label = f"Copy {self._changing.name_of(first)}" if len(spans) == 1 else f"Copy {len(spans)} segments"
        self._place(what, min(each[1] for each in spans), first.actor, label)

    def _place(self, what: Copied, frame: int, actor: str, label: str) -> None:
        """Put copies into the clip once the frames of their poses are known."""
        clip = self._document.clip
        if clip is None:
            return
        try:
            needed = many_segments.pose_frames(self._document.project, clip.id, what, frame)
        except ProjectError as error:
            self._document.refused.emit(error)
            return

        def known(identities: Mapping[int, FrameIdentity]) -> None:
            def pasted(before: Project) -> tuple[Project, tuple[str, ...]]:
                after, made = many_segments.paste(
                    before, clip.id, what, frame, identities, author=self._document.author, actor=actor
                )
                return after, tuple(each.id for each in made)

            made = self._changing.edit_with(pasted, label)
            if made is not None:
                self._changing.chose.emit(frozenset(made))

        self._changing.identify_all(needed, known)

    # ---- the menu ----

    def open_menu(
        self,
        owner: QWidget,
        at: QPoint,
        commands: Mapping[str, Callable[[], object]],
        fill_rows: Callable[[QMenu, str], None],
    ) -> None:
        """What can be done with the segments that are chosen, and with the rows of the timeline."""
        menu = QMenu(owner)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editable = self._timeline.editable
        labels = menu.addMenu(say("Label"))
        labels.setEnabled(editable)
        self.fill_labels(labels)
        if self._casting.has_several:
            actors = menu.addMenu(say("Actor"))
            actors.setEnabled(editable)
            self._casting.fill_menu(actors)
        for group in _MENU:
            menu.addSeparator()
            for name in group:
                if name in commands:
                    action = menu.addAction(self._words(name), commands[name])
                    action.setEnabled(editable or name in _ANY_TIME)
        menu.addSeparator()
        scene = self._timeline.scene
        chosen = next((place for each in self._changing.chosen if (place := scene.contents.place_of(each))), None)
        main = scene.main_track if chosen is None else chosen[0]
        row = next((each for each in scene.rows() if each.kind == "segments" and each.track == main), None)
        fill_rows(menu.addMenu(say("Rows")), "" if row is None else row.key)
        menu.popup(at)

    def _words(self, name: str) -> str:
        """A command with its key; a merge says with what."""
        words = words_of(name)
        clip, meant = self._document.clip, self._changing.meant()
        if name == "merge" and clip is not None and meant is not None:
            following = next_of(clip, meant)
            if following is not None:
                gap = (following.start_frame - meant.end_frame) / max(clip.video.rate_hz, 1e-6)
                other = literal(self._changing.name_of(following))
                words += f" ({other})" if gap <= 0 else say(" ({name}, {gap} s behind)", name=other, gap=f"{gap:.2f}")
        key = shown(name)
        return f"{words}\t{key}" if key else words

    def fill_labels(self, menu: QMenu) -> None:
        """Every action, with its colour and key; choosing one is what its key does."""
        for each in self._document.project.actions():
            action = QAction(icons.swatch(each.colour, theme.px(12)), "", menu)
            action.setText(f"{literal(each.name)}\t{label_key(each.key)}" if each.key else literal(each.name))
            action.setEnabled(self._timeline.editable)
            action.triggered.connect(partial(self._marking.label, each.id))
            menu.addAction(action)

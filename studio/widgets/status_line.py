"""The line at the foot: when the last edit was on the disk, what is known of the chosen clip, and who marks.

How busy the machine is stands there too, looked at once a second while the line is seen; a click shows more.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.devices import Device
from studio import theme
from studio.commands import tip
from studio.document import Document
from studio.widgets import parts
from studio.widgets.devices_window import DevicesWindow, busy_words
from studio.widgets.job_words import grouped
from studio.widgets.machine import Machine
from studio.widgets.preflight_card import device_words
from studio.words import say


class StatusLine(QWidget):
    """Follows the document; a page in front may say one thing more."""

    def __init__(self, document: Document, version: str) -> None:
        super().__init__()
        self._document, self._version = document, version
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.px(theme.HEIGHT["status"]))
        self._sign = parts.glyph("check", 12, "ok")
        self._saved = parts.text("", "caption")
        self._page = parts.text("", "caption")
        self._facts = parts.text("", "caption")
        self._notes = parts.text("", "caption")
        self._machine = Machine(self)
        self._machine.moved.connect(self._show_machine)
        self.busy = parts.button("", kind="quiet")
        self.busy.setObjectName("in-status")
        self.busy.setToolTip(tip("devices"))
        self.busy.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.busy.clicked.connect(self.show_devices)
        self.busy.hide()
        self._who = parts.text("", "caption")
        box = QHBoxLayout(self)
        box.setContentsMargins(14, 0, 14, 0)
        box.setSpacing(18)
        saved = parts.row(self._sign, self._saved, gap=4)
        parts.fill(box, (saved, self._page, self._facts, None, self.busy, self._notes, self._who))
        for told in (document.opened, document.closed, document.saved, document.clip_chosen, document.changed):
            told.connect(self.follow)
        document.became_writable.connect(self.follow)
        self.follow()

    def say(self, words: str) -> None:
        """What the page in front has to say, such as "Frame verified"."""
        self._page.setText(words)
        self._page.setVisible(bool(words))

    def show_devices(self) -> None:
        """A window with each device, its memory, and the jobs on it."""
        DevicesWindow(self.window()).show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._machine.watch()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._machine.leave()

    def _show_machine(self) -> None:
        words = " · ".join(filter(None, map(machine_words, self._machine.devices)))
        self.busy.setText(words)
        self.busy.setAccessibleName(say("Devices: {words}", words=words))
        self.busy.setVisible(bool(words))

    def follow(self) -> None:
        """Show the document as it stands."""
        document = self._document
        is_open, clip = document.is_open, document.clip
        self._sign.setVisible(is_open)
        self._page.setVisible(bool(self._page.text()))
        self._facts.setVisible(clip is not None)
        if not is_open:
            self._saved.setText(say("Nothing leaves this machine"))
            self._saved.setToolTip("")
            self._notes.setText("")
            self._who.setText(f"Posecast {self._version}")
            return
        reason = document.read_only_reason
        if reason is not None:
            self._sign.show_icon("lock", "warn")
            parts.set_role(self._saved, "warn")
            self._saved.setText(say("Open for reading"))
            self._saved.setToolTip(reason)
        elif document.unsaved:
            self._sign.show_icon("warn", "danger")
            parts.set_role(self._saved, "danger")
            self._saved.setText(say("Not saved"))
            self._saved.setToolTip(document.unsaved)
        else:
            self._sign.show_icon("check", "ok")
            parts.set_role(self._saved, "caption")
            at = document.store.last_saved_at
            self._saved.setText(say("Saved {at:%H:%M:%S}", at=at.astimezone()) if at is not None else say("Saved"))
            self._saved.setToolTip(say("In {folder}. Every edit is on disk when you see it.", folder=document.folder))
        if clip is not None:
            video = clip.video
            rate = f"{video.rate_hz:.2f}".rstrip("0").rstrip(".")
            self._facts.setText(
                say(
                    "{width} × {height}, {rate} frames/s, {frame_count} frames",
                    width=video.width,
                    height=video.height,
                    rate=rate,
                    frame_count=grouped(video.frame_count),
                )
                if video.path
                else say(
                    "No video, {rate} frames/s, {frame_count} frames", rate=rate, frame_count=grouped(video.frame_count)
                )
            )
        self._notes.setText(_camera_words(document))
        self._who.setText(document.author)


def machine_words(device: Device) -> str:
    """Such as `CPU 2 cores, 41 % busy`; of a card its memory too."""
    if device.kind == "cpu":
        return say("CPU {busy}", busy=busy_words(device))
    if device.kind == "mps" or not device.usable:
        return ""
    taken, whole = f"{device.memory_used / 2**30:.0f}", f"{device.memory_total / 2**30:.0f}"
    memory = say("{taken} of {whole} GB", taken=taken, whole=whole)
    card = say("{card} {memory}", card=device_words(device), memory=memory)
    return ", ".join(filter(None, (card, busy_words(device))))


def _camera_words(document: Document) -> str:
    clip = document.clip
    if clip is None:
        return ""
    camera = document.project.cameras.get(clip.camera)
    return say("Camera: estimated") if camera is None or camera.estimated else say("Camera: {name}", name=camera.name)

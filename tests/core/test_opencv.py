"""OpenCV's wheel must not decide which plugins our window uses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPEN_A_WINDOW = """
from core.opencv import cv2
import os, numpy as np
assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ and "QT_QPA_FONTDIR" not in os.environ
from PySide6.QtWidgets import QApplication, QLabel
from PySide6.QtGui import QImage, QPixmap
app = QApplication([])
assert app.platformName() == "xcb", app.platformName()
picture = cv2.cvtColor(np.full((40, 60, 3), 200, np.uint8), cv2.COLOR_BGR2RGB)
label = QLabel()
label.setPixmap(QPixmap.fromImage(QImage(picture.data, 60, 40, 180, QImage.Format.Format_RGB888)))
label.show()
app.processEvents()
assert label.grab().toImage().pixelColor(30, 20).red() == 200
print("seen")
"""


def test_that_variables_a_person_set_stay_as_they_were():
    code = "import os; os.environ['QT_QPA_FONTDIR'] = 'mine'; import core.opencv; print(os.environ['QT_QPA_FONTDIR'])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "mine"


@pytest.mark.xserver
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb: apt-get install xvfb")
def test_that_a_window_opens_on_a_real_x_screen_after_opencv_was_imported():
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24", "-nolisten", "tcp"],
        pass_fds=(write,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    try:
        display = ":" + os.read(read, 16).decode().strip()
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        words = [sys.executable, "-c", OPEN_A_WINDOW]
        said = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert said.stdout.strip() == "seen", said.stderr
    finally:
        os.close(read)
        server.terminate()
        server.wait()

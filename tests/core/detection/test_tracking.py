"""A whole video: everybody keeps their track, and stopping anywhere and going on changes nothing."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.bodies.skeletons import BLAZEPOSE_33
from core.detection.blazepose import Region
from core.detection.following import Follower, State
from core.detection.tracking import extract, read_extraction
from core.errors import FormatError
from core.runs import Made, Progress
from core.video import open_video


class Excerpt:
    """Some frames of a video, as a video; counts what was asked for."""

    def __init__(self, video, numbers, damaged=(), longest=640) -> None:
        self._video, self._numbers, self._damaged, self._longest = video, list(numbers), damaged, longest
        self.width, self.height, self.rate_hz = video.width, video.height, video.rate_hz
        self.fingerprint = f"{video.fingerprint} {numbers}"
        self.asked: list[int] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def scaled(self, number, longest):
        self.asked.append(number)
        if number in self._damaged:
            raise FormatError(Path("excerpt.mp4"), f"frame {number} cannot be decoded")
        return self._video.scaled(self._numbers[number], self._longest)


@pytest.fixture(scope="module")
def player(shared_data):
    """A man playing with a ball."""
    with open_video(shared_data / "videos" / "single_person_demo.mp4") as video:
        # Small pictures: what is tested here is the run, not the networks.
        video.width, video.height = 360, 640
        yield video


@pytest.fixture(scope="module")
def uninterrupted(player, tmp_path_factory):
    folder = tmp_path_factory.mktemp("extraction")
    events = list(extract(Excerpt(player, range(24)), folder))
    return events, read_extraction(folder)


def test_that_progress_counts_frames_and_the_tracks_are_announced(uninterrupted):
    events, poses = uninterrupted
    progress = [(each.done, each.total) for each in events if isinstance(each, Progress)]
    assert progress[0] == (0, 24)
    assert progress[-1] == (24, 24)
    assert progress == sorted(progress)
    assert isinstance(events[-1], Made)
    assert (poses.skeleton, poses.people, len(poses)) == (BLAZEPOSE_33, 1, 24)
    assert poses.seen()[:, 0].any(-1).all()
    assert (poses.joints_px[..., 0].max(), poses.joints_px[..., 1].max()) < (400, 700)


@pytest.mark.parametrize("stop_after", [1, 10, 20])
def test_that_a_stopped_extraction_goes_on_to_the_very_same_result(player, uninterrupted, tmp_path, stop_after):
    with closing(extract(Excerpt(player, range(24)), tmp_path)) as events:
        for event in events:
            if isinstance(event, Progress) and event.done >= stop_after:
                break
    with pytest.raises(FormatError, match="not there yet"):
        read_extraction(tmp_path)
    rest = Excerpt(player, range(24))
    events = list(extract(rest, tmp_path))
    assert events[0].done >= (stop_after if stop_after > 1 else 10)
    assert min(rest.asked) == events[0].done, "what was seen is not looked at again"
    poses = read_extraction(tmp_path)
    np.testing.assert_array_equal(poses.joints_px, uninterrupted[1].joints_px)
    np.testing.assert_array_equal(poses.confidence, uninterrupted[1].confidence)


def test_that_a_part_torn_by_a_crash_is_seen_anew(player, uninterrupted, tmp_path):
    for _ in range(2):
        with closing(extract(Excerpt(player, range(24)), tmp_path)) as events:
            done = [next(events), next(events)][-1].done
    assert done == 20
    parts = sorted((tmp_path / "parts").glob("*.npz"))
    assert len(parts) == 2
    parts[1].write_bytes(parts[1].read_bytes()[:500])
    events = list(extract(Excerpt(player, range(24)), tmp_path))
    assert events[0].done == 10
    np.testing.assert_array_equal(read_extraction(tmp_path).joints_px, uninterrupted[1].joints_px)


def test_that_another_video_in_the_folder_begins_anew_and_the_same_one_is_done_at_once(player, tmp_path):
    first = Excerpt(player, range(4))
    list(extract(first, tmp_path))
    again = Excerpt(player, range(4))
    assert [event.done for event in extract(again, tmp_path)] == [4]
    assert again.asked == []
    other = Excerpt(player, range(4, 10))
    list(extract(other, tmp_path))
    assert other.asked == list(range(6))
    assert len(read_extraction(tmp_path)) == 6


def test_that_a_frame_that_cannot_be_decoded_is_passed_over(player, tmp_path):
    list(extract(Excerpt(player, range(12), damaged={5}), tmp_path))
    poses = read_extraction(tmp_path)
    assert poses.people == 1
    sure = poses.confidence[:, 0].mean(-1)
    assert 0 < sure[5] < 0.7 * sure[4], "bridged, and less sure"


def test_that_a_fault_while_decoding_reaches_whoever_runs_it(player, tmp_path):
    class Broken(Excerpt):
        def scaled(self, number, longest):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(extract(Broken(player, range(12)), tmp_path))


def test_that_an_empty_scene_has_no_tracks(tmp_path):
    class Black:
        width, height, rate_hz, fingerprint = 64, 48, 25.0, "black"

        def __len__(self):
            return 8

        def scaled(self, number, longest):
            return np.zeros((48, 64, 3), np.uint8)

    list(extract(Black(), tmp_path))
    poses = read_extraction(tmp_path)
    assert (len(poses), poses.people) == (8, 0)


def test_that_damaged_tracks_are_refused_in_words(tmp_path):
    (tmp_path / "tracks.npz").write_bytes(b"PK\x03\x04 not quite")
    with pytest.raises(FormatError, match=r"tracks\.npz: the 2D poses cannot be read"):
        read_extraction(tmp_path)


def test_that_the_state_between_two_frames_survives_as_numbers():
    state = State([Follower(3, Region(1.5, 2.25, 100.125, -0.3), np.arange(9) / 7, 5)], 4, 11, 200)
    again = State.from_array(state.as_array())
    assert (again.next_tracklet, again.since_look, again.since_loss) == (4, 11, 200)
    assert again.followers[0].region == state.followers[0].region
    assert again.followers[0].missing == 5
    np.testing.assert_array_equal(again.followers[0].colours, state.followers[0].colours)
    assert State.from_array(State().as_array()) == State()


@pytest.mark.slow
def test_that_two_people_who_embrace_keep_their_tracks(shared_data, tmp_path):
    with open_video(shared_data / "videos" / "demo_skeleton.mp4") as video:
        list(extract(video, tmp_path))
    poses = read_extraction(tmp_path)
    assert poses.people == 2
    assert poses.seen().any(-1).mean() > 0.95
    hips = poses.joints_px[:, :, [BLAZEPOSE_33["left_hip"], BLAZEPOSE_33["right_hip"]], 0].mean(-1)
    left, right = np.argsort(hips[0])
    assert (hips[:, left] < hips[:, right]).all(), "the one on the left stays there"
    assert np.abs(np.diff(hips, axis=0)).max() < 40, "nobody jumps"


@pytest.mark.slow
def test_that_the_man_on_the_roof_and_the_woman_below_are_two_people(shared_data, tmp_path):
    with open_video(shared_data / "videos" / "sports2d_demo.mp4") as video:
        list(extract(Excerpt(video, range(60, 150), longest=1920), tmp_path))
    poses = read_extraction(tmp_path)
    assert poses.people == 2
    assert poses.seen().any(-1).mean() > 0.95
    noses = poses.joints_px[:, :, BLAZEPOSE_33["nose"]]
    roof, below = np.argsort(noses[0, :, 1])
    assert noses[0, roof] == pytest.approx([631, 112], abs=30)
    assert noses[0, below] == pytest.approx([1370, 580], abs=30)
    assert noses[:, below, 0].min() < noses[0, below, 0] - 400, "she walks to the left"
    assert noses[:, roof, 1].max() < 300, "he stays up there"

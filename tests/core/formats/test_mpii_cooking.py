"""MPII Cooking 2 and its older sister, from miniatures in exactly their layout."""

import h5py
import numpy as np
import pytest

from core.errors import FormatError
from core.formats.annotated import ForeignSegment
from core.formats.mpii_cooking import is_mpii_cooking_1, is_mpii_cooking_2, read, read_older
from tests.core.formats.made_mpii_cooking import ATTRIBUTES, CLIPS, FIRST, LASTS, make, make_older


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make(tmp_path_factory.mktemp("mpii"))


def mat_of(folder):
    (path,) = folder.glob("*.mat")
    return path


def test_that_the_folder_and_the_file_alone_are_known_and_nothing_else(root, tmp_path):
    assert is_mpii_cooking_2(root)
    assert is_mpii_cooking_2(mat_of(root))
    assert not is_mpii_cooking_2(root / "experimentalSetup")
    other = tmp_path / "other.mat"
    with h5py.File(other, "w") as file:
        file["annos/startFrame"] = np.zeros((3, 1))
    assert not is_mpii_cooking_2(other)
    assert not is_mpii_cooking_2(tmp_path / "absent.mat")


def test_that_closed_frames_from_one_become_ours_and_verbs_lose_their_v(root):
    clip = read(root).clips[0]
    assert (clip.name, clip.rate_hz, clip.performer) == ("s08-d02-cam-002", 29.4, "s08")
    assert clip.videos[0] == "videos/s08-d02-cam-002.avi"
    washing = clip.segments[2]
    assert washing == ForeignSegment(
        "wash", FIRST - 1 + 2 * LASTS, FIRST - 1 + 3 * LASTS, objects=("carrot", "hand", "water")
    )
    assert clip.segments[3].objects == ("carrot", "hand", "peel"), "a peel is a thing, to peel is not"


def test_that_what_is_done_at_the_cupboard_and_what_has_no_verb_is_background(root):
    annotations = read(root)
    actions = [each.action for each in annotations.clips[0].segments]
    assert actions == [
        "enter", "take out in the background", "wash", "peel", "take out", "cut", "cut dice", "add", "background",
    ]  # fmt: skip
    assert annotations.learned_as == {"enter": "", "take out in the background": "", "background": ""}


def test_that_the_places_of_the_background_can_be_chosen(root):
    actions = [each.action for each in read(root, background="knife, Water").clips[0].segments]
    assert actions[1:7] == [
        "take out", "wash in the background", "peel", "take out in the background", "cut in the background",
        "cut dice in the background",
    ]  # fmt: skip
    assert read(root, background="").learned_as == {"enter": "", "background": ""}


def test_that_the_split_is_the_makers_and_names_nobody_knows_are_said(root, tmp_path):
    assert read(root).splits["MPII Cooking 2"] == {
        "train": ("s08-d02-cam-002", "s08-d04-cam-002", "s10-d02-cam-002"),
        "validation": ("s11-d01-cam-002",),
        "test": ("s12-d05-cam-002", "s13-d07-cam-002"),
    }
    copy = make(tmp_path)
    with (copy / "experimentalSetup" / "sequencesVal.txt").open("a") as file:
        file.write("s99-d99 7\n\ns08-d02\n")
    annotations = read(copy)
    assert annotations.splits["MPII Cooking 2"]["validation"] == ("s11-d01-cam-002",)
    said = " ".join(annotations.notes)
    assert "sequencesVal.txt names 1 video without an interval: s99-d99-cam-002" in said
    assert "1 video of another part" in said


def test_that_without_lists_there_is_no_split_and_the_file_alone_is_enough(root, tmp_path):
    alone = tmp_path / "annos.mat"
    alone.write_bytes(mat_of(root).read_bytes())
    annotations = read(alone)
    assert annotations.clips == read(root).clips
    assert annotations.splits == {}
    assert any("split is not there" in each for each in annotations.notes)


def change(root, tmp_path, what):
    path = tmp_path / "changed.mat"
    path.write_bytes(mat_of(root).read_bytes())
    with h5py.File(path, "r+") as file:
        what(file["annos"], file)
    return path


def replaced(name, data):
    def what(annos, file):
        del annos[name]
        annos[name] = data

    return what


def foreign(annos, file):
    del annos["startFrame"]
    annos["startFrame"] = h5py.ExternalLink("elsewhere.h5", "/secret")


def elsewhere(annos, file):
    del annos["startFrame"]
    annos.create_dataset("startFrame", (3, 1), "f8", external=[("elsewhere.raw", 0, 24)])


def nowhere(annos, file):
    del annos["activity"]
    annos.create_dataset("activity", (54, 1), dtype=h5py.ref_dtype)


def text_of_numbers(annos, file):
    target = file[annos["fileName"][5, 0]].name
    del file[target]
    file[target] = np.zeros(4)
    annos["fileName"][5, 0] = file[target].ref


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (replaced("startFrame", np.full((54, 1), np.nan)), "startFrame of interval 1 is no number"),
        (replaced("endFrame", np.full((54, 1), 1e12)), r"endFrame of interval 1 is 1e\+12"),
        (replaced("startFrame", np.zeros((54, 1))), "startFrame of interval 1 is 0"),
        (replaced("endFrame", np.ones((53, 1))), "54 startFrame and 53 endFrame"),
        (replaced("iaMat", np.zeros((3, 54))), rf"iaMat has the shape \(3, 54\), not {len(ATTRIBUTES)} × 54"),
        (replaced("iaMat", np.full((len(ATTRIBUTES), 54), 2.0)), "more than zeros and ones"),
        (replaced("attributeMap", np.zeros((4, 1))), "annos/attributeMap is no column of texts"),
        (lambda annos, file: annos.pop("activity"), "annos has no activity"),
        (foreign, "annos/startFrame is no table"),
        (elsewhere, "lies in another file"),
        (nowhere, "annos/activity: entry 1 leads nowhere"),
        (text_of_numbers, "annos/fileName, entry 6 is no text"),
    ],
)
def test_that_what_the_makers_never_wrote_is_refused_with_its_place(root, tmp_path, what, says):
    with pytest.raises(FormatError, match=says) as refused:
        read(change(root, tmp_path, what))
    assert "changed.mat" in str(refused.value)
    assert refused.value.hint


def test_that_a_table_of_a_billion_rows_is_refused_before_it_is_read(root, tmp_path):
    def what(annos, file):
        del annos["startFrame"]
        annos.create_dataset("startFrame", (10**9, 1), "f8", chunks=(1000, 1), compression="gzip")

    with pytest.raises(FormatError, match="no column of numbers of a sensible length"):
        read(change(root, tmp_path, what))


def test_that_an_interval_that_ends_before_it_starts_is_left_out_and_said(root, tmp_path):
    def what(annos, file):
        annos["endFrame"][4, 0] = 3

    annotations = read(change(root, tmp_path, what))
    assert len(annotations.clips[0].segments) == 8
    assert "1 interval ended before the start and were left out: 5" in " ".join(annotations.notes)


def test_that_every_clip_has_its_own_cook(root):
    assert [each.performer for each in read(root).clips] == [each[:3] for each in CLIPS]


# ---- the older data set ----


def test_that_the_older_table_is_read_by_its_columns(tmp_path):
    path = make_older(tmp_path)
    assert is_mpii_cooking_1(path)
    annotations = read_older(path)
    first, second = annotations.clips
    assert [(each.action, each.start_frame, each.end_frame) for each in first.segments] == [
        ("background", 0, 120), ("cut slices", 120, 180), ("take out from drawer", 180, 181),
    ]  # fmt: skip
    assert (second.name, second.performer, second.rate_hz) == ("s10-d11-cam-002", "s10", 29.4)
    assert annotations.learned_as == {"background": ""}


def test_that_another_table_is_not_taken_for_it(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("clip,action,start_frame,end_frame,actor,pose_frame\na,b,1,2,c,3\n")
    assert not is_mpii_cooking_1(path)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("s08,s08-d02-cam-002,20,10,7,cut", "line 2: no interval goes from frame 20 to 10"),
        ("s08,s08-d02-cam-002,x,10,7,cut", "line 2 is no interval"),
        ("s08,s08-d02-cam-002,1,10,7", "line 2 is no interval"),
    ],
)
def test_that_a_bad_line_is_named(tmp_path, line, says):
    path = tmp_path / "detectionGroundtruth-1-0.csv"
    path.write_text("s08,s08-d02-cam-002,1,120,1,Background activity\n" + line + "\n")
    with pytest.raises(FormatError, match=says):
        read_older(path)

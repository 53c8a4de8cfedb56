"""BABEL: labels of stretches in seconds, under the one name that every release of AMASS shares."""

import json
import zipfile

import pytest

from core.errors import FormatError
from core.formats import babel
from core.recordings import Stretch
from tests.core.formats import made_babel


@pytest.fixture
def release(tmp_path):
    return made_babel.make_release(tmp_path)


@pytest.fixture(scope="module")
def real(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("babel")
    with zipfile.ZipFile(shared_data / "babel" / "val.json.zip") as archive:
        archive.extract("val.json", folder)
    return folder / "val.json"


def by_name(path, **options):
    return {each.name: each for each in babel.read(path, **options)}


# ---- what the labels say ----


def test_that_stretches_come_in_order_with_all_their_categories(release):
    walk = by_name(release)["CMU/01/01_01"]
    assert walk.stretches == (
        Stretch(0.0, 2.0, ("walk",), "walking forward"),
        Stretch(2.0, 3.5, ("turn", "spin"), "turn around"),
        Stretch(3.5, 4.0, (), "does something odd"),
    )
    assert (walk.duration_s, walk.rate_hz, walk.part) == (4.0, 30.0, "train")


def test_that_labels_of_the_whole_stand_where_no_stretch_is_labelled(release):
    lifting = by_name(release)["BMLrub/rub018/0017_lifting_light1"]
    assert lifting.stretches == (Stretch(0.0, 5.4, ("lift something",), "lifting a box"),)
    assert len(lifting) == 162


def test_that_labels_of_the_whole_can_be_had_beside_those_of_stretches(release):
    plain, also = by_name(release)["CMU/01/01_01"], by_name(release, sequence_labels="also")["CMU/01/01_01"]
    whole = {Stretch(0.0, 4.0, ("walk",), "walk"), Stretch(0.0, 4.0, ("turn",), "turn")}
    assert set(also.stretches) == set(plain.stretches) | whole


def test_that_every_persons_extra_annotations_count_and_are_in_no_part(release):
    one, two = by_name(release)["KIT/3/bend_left01"], by_name(release)["KIT/3/bend_left02"]
    assert one.stretches == (Stretch(0.0, 3.0, ("bend",), "bend"),)
    assert two.stretches == (Stretch(0.5, 2.0, ("bend",), "bend"), Stretch(1.0, 2.5, ("bow",), "bow"))
    assert one.part == two.part == ""
    assert "extra" in " ".join(one.notes)


def test_that_hidden_labels_of_the_test_part_are_said(release):
    hidden = by_name(release)["DFaust/50020/50020_one_leg_loose"]
    assert (hidden.stretches, hidden.part, hidden.duration_s) == ((), "test", 7.5)
    assert "hidden" in " ".join(hidden.notes)


def test_that_a_release_is_read_as_a_folder_or_file_by_file(release):
    assert babel.is_babel(release)
    one_by_one = [each for name in ("train", "val", "test") for each in babel.read(release / f"{name}.json")]
    assert one_by_one == [each for each in babel.read(release) if each.part]


def test_that_a_label_that_ends_before_it_begins_is_left_out_and_said(tmp_path):
    backwards = made_babel.annotation(
        made_babel.label("walk", ["walk"], 2, 1),
        made_babel.label("sit", ["sit"], 1, 9),
        made_babel.label("jump", [], -1, 1),
    )
    (tmp_path / "val.json").write_text(json.dumps({"1001": made_babel.sequence(1001, 4.0, frame_ann=backwards)}))
    (recording,) = babel.read(tmp_path / "val.json")
    assert recording.stretches == (Stretch(0.0, 1.0, (), "jump"), Stretch(1.0, 4.0, ("sit",), "sit"))
    assert "1 of its labels" in " ".join(recording.notes)


# ---- one name for one recording ----


@pytest.mark.parametrize(
    ("labelled", "smplh", "smplx"),
    [
        (made_babel.MOTIONS[1001], "AMASS/CMU/01/01_01_poses.npz", "SMPL-X N/CMU/01/01_01_stageii.npz"),
        (
            made_babel.MOTIONS[1002],
            "BMLrub/BioMotionLab_NTroje/rub018/0017_lifting_light1_poses.npz",
            "BMLrub/rub018/0017_lifting_light1_stageii.npz",
        ),
        (
            made_babel.MOTIONS[1003],
            "Eyes_Japan_Dataset/ichige/walk-29-look down-ichige",
            "Eyes_Japan_Dataset/ichige/walk-29-look_down-ichige_stageii.npz",
        ),
        (made_babel.MOTIONS[1004], "DFaust_67/50020/50020_one_leg_loose", "DFaust/50020/50020_one_leg_loose_stageii"),
        ("MPIHDM05/MPI_HDM05/dg/HDM_dg_07_poses.npz", "MPI_HDM05/dg/HDM_dg_07_poses", "HDM05/dg/HDM_dg_07_stageii"),
        ("MPImosh/MPI_mosh/50025/hips_poses.npz", "MPI_mosh/50025/hips", "MoSh/50025/hips_stageii"),
        ("MPILimits/MPI_Limits/03101/ulr1a001_poses.npz", "MPI_Limits/03101/ulr1a001", "PosePrior/03101/ulr1a001"),
        ("SSMsynced/SSM_synced/2016/w_poses.npz", "SSM_synced/2016/w", "SSM/2016/w_stageii"),
        ("TCDhandMocap/TCD_handMocap/E/W_poses.npz", "TCD_handMocap/E/W_poses", "TCDHands/E/W_stageii"),
        ("Transitionsmocap/Transitions_mocap/m/l_poses.npz", "Transitions_mocap/m/l", "Transitions/m/l_stageii.npz"),
    ],
)
def test_that_labels_and_both_releases_of_amass_meet_in_one_name(labelled, smplh, smplx):
    assert babel.key_of(labelled) == babel.key_of(smplh) == babel.key_of(smplx)
    assert babel.key_of(babel.key_of(labelled)) == babel.key_of(labelled)


def test_that_a_name_outside_amass_stays_as_it_is():
    assert babel.key_of("mine/walks/first walk.npz") == "mine/walks/first_walk"
    assert babel.key_of("cmu_like/01_01_poses") == "cmu_like/01_01"
    assert babel.key_of("CMU") == "CMU"


def test_that_all_labels_of_a_real_part_come_in(real):
    assert babel.is_babel(real)
    recordings = list(babel.read(real))
    assert len({each.name for each in recordings}) == len(recordings) == 2191
    assert {each.part for each in recordings} == {"validation"}
    of_frames = [each for each in recordings if any(one.end_s < each.duration_s - 0.1 for one in each.stretches)]
    assert 1200 < len(of_frames) <= 1340
    held = json.loads(real.read_text())
    for recording, sequence in zip(recordings, held.values(), strict=True):
        labels = (sequence["frame_ann"] or sequence["seq_ann"])["labels"]
        assert sorted(each.text for each in recording.stretches) == sorted(each["raw_label"] for each in labels)
        assert all(0 <= each.start_s < each.end_s <= sequence["dur"] for each in recording.stretches)
        assert recording.name.rpartition("/")[2] == recording.name.rpartition("/")[2].replace(" ", "_")


# ---- the 60 classes ----


def test_that_the_classes_are_60_and_cover_what_is_most_often_written(real):
    learned = babel.classes()
    names = list(dict.fromkeys(learned.values()))
    assert len(names) == 60
    assert names[:3] == ["walk", "stand", "hand movements"]
    written = {label for each in babel.read(real) for one in each.stretches for label in one.labels}
    assert {learned[each] for each in written if each in learned} == set(names)  # every class is really there
    assert "transition" in written - set(learned)


def test_that_another_table_of_classes_can_be_used(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("act_cat,class\nwalk,go\nrun,go\n\n")
    assert babel.classes(path) == {"walk": "go", "run": "go"}


@pytest.mark.parametrize(
    ("text", "says"),
    [("walk,go\n", "first line"), ("act_cat,class\nwalk\n", "line 2"), ("act_cat,class\na,b\na,c\n", "line 3")],
)
def test_that_a_table_of_classes_that_cannot_be_is_refused_by_its_line(tmp_path, text, says):
    (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(FormatError, match=says):
        babel.classes(tmp_path / "mine.csv")


# ---- what is refused ----


def spoilt(**values):
    return {"1": made_babel.sequence(1001, 4.0, seq_ann=made_babel.annotation()) | {"babel_sid": 1} | values}


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (spoilt(dur=-1), r"sequence 1: a duration of -1"),
        (spoilt(dur=1e12), r"sequence 1: a duration"),
        (spoilt(dur="long"), r"sequence 1: Expected `float`, got `str` - at `\$.dur`"),
        (spoilt(feat_p=""), r"sequence 1: feat_p"),
        (spoilt(seq_ann={"labels": [{"act_cat": "walk"}]}), r"sequence 1: .*act_cat"),
        ([1, 2], r"no JSON of BABEL"),
    ],
)
def test_that_a_file_that_cannot_be_is_refused_with_its_sequence(tmp_path, held, says):
    path = tmp_path / "val.json"
    path.write_text(json.dumps(held))
    with pytest.raises(FormatError, match=says) as caught:
        list(babel.read(path))
    assert "val.json" in str(caught.value)


def test_that_a_cut_or_deeply_nested_file_ends_in_a_sentence(tmp_path, release):
    raw = (release / "train.json").read_bytes()
    for number, content in enumerate(
        (raw[:-20], b"", b'{"1":' + b"[" * 200_000, b"\xff\xfe{", b'{"1": {"feat_p": "\xff"}}')
    ):
        path = tmp_path / f"{number}.json"
        path.write_bytes(content)
        babel.is_babel(path)
        with pytest.raises(FormatError):
            list(babel.read(path))


def test_that_other_files_and_folders_are_not_taken_for_babel(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "train.json").write_text('{"people": []}')
    (tmp_path / "b.json").write_text('{"1": {"feat_p": 1}}')
    assert not babel.is_babel(tmp_path / "a")
    assert not babel.is_babel(tmp_path / "b.json")
    assert not babel.is_babel(tmp_path / "nothing.json")

"""What a file or folder is: one format by its content, or a refusal that names what it may be."""

import os
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import CoreError, FileError, FormatError, ProjectError
from core.importing import recognition
from core.importing.recognition import claims, files_below, is_packed, named, spelled_size, unpacked, what_is
from tests.core.formats import made_amass, made_bvh, made_marks, made_openpose


@pytest.fixture
def mixed(tmp_path):
    """Two files of AMASS and one BVH, with what travels along."""
    folder = tmp_path / "mixed"
    (folder / "a" / ".git").mkdir(parents=True)
    made_amass.make_smplh(folder / "a" / "x_poses.npz")
    made_amass.make_smplh(folder / "y_poses.npz")
    made_bvh.make(folder)
    (folder / "README.md").write_text("about")
    (folder / "LICENSE.txt").write_text("terms")
    (folder / "a" / ".git" / "z_poses.npz").write_bytes((folder / "y_poses.npz").read_bytes())
    return folder


def test_that_a_folder_of_two_formats_is_refused_with_both_and_one_can_be_asked_for(mixed):
    with pytest.raises(FormatError, match=r"mixed: it holds AMASS \(2 files\), BVH \(1 file\)") as refusal:
        what_is(mixed)
    assert "--format" in refusal.value.hint
    found = what_is(mixed, "amass")
    assert [path.relative_to(mixed).as_posix() for path in found.files] == ["a/x_poses.npz", "y_poses.npz"]
    assert found.says() == f"AMASS, 2 files, {spelled_size(sum(path.stat().st_size for path in found.files))}"
    assert len(what_is(mixed, "BVH").files) == 1
    with pytest.raises(FormatError, match="nothing in it is ELAN"):
        what_is(mixed, "ELAN")


def test_that_of_a_folder_chosen_files_alone_are_looked_at(mixed):
    found = what_is(mixed, only=("y_poses.npz", "a/x_poses.npz", "y_poses.npz"))
    assert found.format.name == "AMASS"
    assert [path.relative_to(mixed).as_posix() for path in found.files] == ["a/x_poses.npz", "y_poses.npz"]
    assert found.is_many
    (other,) = [path.name for path in mixed.glob("*.bvh")]
    with pytest.raises(FormatError, match=r"it holds BVH \(1 file\), AMASS \(1 file\)"):
        what_is(mixed, only=("y_poses.npz", other))
    chosen = what_is(mixed, "BVH", ("y_poses.npz", other))
    assert ([path.name for path in chosen.files], chosen.passed_over) == ([other], 1)
    with pytest.raises(FormatError, match="none of its 1 file is of a known format"):
        what_is(mixed, only=("README.md",))


@pytest.mark.parametrize("name", ["gone.bvh", "../elsewhere.bvh", "/etc/hostname", "a"])
def test_that_a_chosen_file_lies_in_its_folder(mixed, name):
    with pytest.raises(FileError, match="there is no such file in mixed"):
        what_is(mixed, only=(name,))


def test_that_two_formats_that_claim_a_file_are_both_named_and_neither_is_taken(monkeypatch, tmp_path):
    path = made_bvh.make(tmp_path)
    (known,) = claims(path)
    twin = replace(known, name="BVH of somebody else")
    monkeypatch.setattr(recognition, "FORMATS", (*recognition.FORMATS, twin))
    for source in (path, tmp_path):
        with pytest.raises(FormatError, match=f"{path.name}: it may be BVH or BVH of somebody else") as refusal:
            what_is(source)
        assert "--format" in refusal.value.hint
    assert what_is(path, "BVH").format is known
    assert what_is(path, "BVH of somebody else").format is twin


def test_that_a_folder_that_is_one_thing_is_not_taken_for_its_files(tmp_path):
    folder = made_openpose.make(tmp_path)
    found = what_is(folder)
    assert (found.format.name, found.files, found.is_many) == ("OpenPose JSON", (folder,), False)
    assert what_is(tmp_path).format.name == "OpenPose JSON"  # as zips unpack


def test_that_a_damaged_file_among_good_ones_is_kept_to_be_listed(tmp_path):
    for number in range(3):
        made_amass.make_smplh(tmp_path / f"{number}_poses.npz")
    (tmp_path / "1_poses.npz").write_bytes(b"no archive at all")
    (tmp_path / "cover.jpg").write_bytes(b"a picture")
    found = what_is(tmp_path)
    assert len(found.files) == 3
    assert found.passed_over == 1


def test_that_what_nobody_knows_is_refused_with_what_is_known(tmp_path):
    (tmp_path / "a.xyz").write_text("nothing")
    (tmp_path / "b.xyz").write_text("nothing")
    with pytest.raises(FormatError, match=r"none of its 2 files is of a known format") as refusal:
        what_is(tmp_path)
    assert "AMASS" in refusal.value.hint
    with pytest.raises(FormatError, match=r"a\.xyz: its content is of no known format"):
        what_is(tmp_path / "a.xyz")
    with pytest.raises(FileError, match="there is no such file"):
        what_is(tmp_path / "nowhere")
    with pytest.raises(ProjectError, match="no format 'nonsense'"):
        what_is(tmp_path, "nonsense")


def test_that_a_name_is_known_by_its_beginning_and_the_whole_name_comes_first():
    assert named("openp").name == "OpenPose JSON"
    assert named("IKEA-ASM").name == "IKEA-ASM"
    with pytest.raises(ProjectError, match="Several formats begin with 'IKEA'"):
        named("IKEA")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system knows no pipes among its files")
def test_that_links_to_folders_and_what_is_no_file_are_left_alone(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    made_amass.make_smplh(folder / "a_poses.npz")
    (folder / "round").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.npz")
    assert [path.name for path in files_below(folder)] == ["a_poses.npz"]


# ---- zips ----


def packed(path, members, **facts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            info.external_attr = facts.get("attributes", 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def test_that_a_zip_is_unpacked_for_as_long_as_it_is_needed_with_its_times(tmp_path):
    source = packed(tmp_path / "walks.zip", {"a/b.txt": b"text", "README.md": b"about", "__MACOSX/a": b"-"})
    assert is_packed(source)
    times = []
    for _ in range(2):
        with unpacked(source, tmp_path / "run") as folder:
            assert folder.name == "walks"
            assert [path.relative_to(folder).as_posix() for path in folder.rglob("*.txt")] == ["a/b.txt"]
            assert (folder / "a" / "b.txt").read_bytes() == b"text"
            assert not (folder / "__MACOSX").exists()
            times.append((folder / "a" / "b.txt").stat().st_mtime_ns)
        assert not folder.exists()
    assert times[0] == times[1]


@pytest.mark.parametrize(
    "name", ["../out.txt", "/out.txt", "a/../../out.txt", "..\\out.txt", "C:/out.txt", "a/./../../b/out.txt"]
)
def test_that_no_member_of_a_zip_leaves_its_folder(tmp_path, name):
    source = packed(tmp_path / "bad.zip", {"good.txt": b"good", name: b"bad"})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FormatError, match=r"bad\.zip: a member would leave its folder"), unpacked(source, tmp_path):
        pass
    assert sorted(tmp_path.rglob("*")) == before


def test_that_a_link_in_a_zip_is_not_followed(tmp_path):
    source = packed(tmp_path / "bad.zip", {"link": b"/etc"}, attributes=stat.S_IFLNK | 0o777)
    with pytest.raises(FormatError, match="would leave its folder"), unpacked(source, tmp_path):
        pass


def test_that_a_zip_of_nothing_but_zeros_is_not_unpacked(tmp_path):
    source = packed(tmp_path / "bomb.zip", {f"{number}.txt": bytes(20_000_000) for number in range(5)})
    with pytest.raises(FormatError, match=r"bomb\.zip: it would unpack to 100 MB"), unpacked(source, tmp_path):
        pass


def test_that_members_that_lie_over_each_other_do_not_count_as_much_as_they_say(tmp_path):
    noise = np.random.default_rng(0).bytes(100_000)
    source = packed(tmp_path / "bomb.zip", {"0.txt": noise + bytes(1_000_000)})
    raw = source.read_bytes()
    start, end = raw.find(b"PK\x01\x02"), raw.find(b"PK\x05\x06")
    entry = raw[start:end]
    listed = b"".join(entry.replace(b"0.txt", b"%05d" % number) for number in range(1000))
    count = struct.pack("<HHII", 1000, 1000, len(listed), start)
    source.write_bytes(raw[:start] + listed + raw[end : end + 8] + count + raw[end + 20 :])
    with zipfile.ZipFile(source) as archive:
        assert sum(each.file_size for each in archive.infolist()) == 1_100_000_000
        assert sum(each.compress_size for each in archive.infolist()) > 1_100_000_000 / 200
    with pytest.raises(FormatError, match=r"bomb\.zip: it would unpack to 1\.1 GB"), unpacked(source, tmp_path):
        pass


@pytest.mark.parametrize("said", [None, 3])
@pytest.mark.parametrize("comment", [b"", b"made by somebody"])
@pytest.mark.parametrize("is_large", [False, True])
def test_that_a_zip_of_countless_members_is_refused_before_its_list_is_read(
    tmp_path, monkeypatch, said, comment, is_large
):
    if is_large:
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)  # as if they were more than 65,535
    source = packed(tmp_path / "many.zip", {f"{number}.txt": b"" for number in range(60)})
    with zipfile.ZipFile(source, "a") as archive:
        archive.comment = comment
        archive.writestr("last.txt", b"")
    content = source.read_bytes()
    assert (b"PK\6\6" in content) == is_large
    if said is not None:  # a number that is a lie
        at = content.rfind(b"PK\6\6") + 24 if is_large else content.rfind(b"PK\5\6") + 8
        numbers = struct.pack("<2Q" if is_large else "<2H", said, said)
        source.write_bytes(content[:at] + numbers + content[at + len(numbers) :])
    monkeypatch.setattr(recognition, "MOST_FILES", 61)
    with unpacked(source, tmp_path) as folder:
        assert len(list(folder.iterdir())) == 61
    monkeypatch.setattr(recognition, "MOST_FILES", 60)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(FormatError, match=r"many\.zip: it lists more than 60 files"), unpacked(source, tmp_path):
        pass


def test_that_a_zip_in_a_zip_stays_packed(tmp_path):
    inner = packed(tmp_path / "inner.zip", {"a.txt": bytes(50_000_000)}).read_bytes()
    for number in range(5):
        inner = packed(tmp_path / f"{number}.zip", {f"{each}.zip": inner for each in range(10)}).read_bytes()
    with unpacked(tmp_path / "4.zip", tmp_path / "run") as folder:
        assert sum(each.stat().st_size for each in folder.rglob("*")) < 3_000_000
        with pytest.raises(FormatError, match="of a known format"):
            what_is(folder)


def test_that_a_member_that_is_larger_than_it_says_is_refused_before_it_is_whole(tmp_path):
    source = packed(tmp_path / "lies.zip", {"a.txt": bytes(5_000_000)})
    raw = bytearray(source.read_bytes())
    at = raw.rfind(b"PK\x01\x02") + 24
    raw[at : at + 4] = struct.pack("<I", 1000)
    source.write_bytes(raw)
    with pytest.raises(FormatError, match=r"lies\.zip"), unpacked(source, tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["lies.zip"]


@pytest.mark.parametrize("cut", [10, 60, 200])
def test_that_a_zip_that_was_cut_short_is_refused_in_words(tmp_path, cut):
    source = packed(tmp_path / "cut.zip", {f"{number}.bvh": os.urandom(100) for number in range(3)})
    source.write_bytes(source.read_bytes()[cut:])
    if is_packed(source):
        with pytest.raises(CoreError, match=r"cut\.zip"), unpacked(source, tmp_path):
            pass
    else:
        with pytest.raises(CoreError, match=r"cut\.zip"):
            what_is(source)


# ---- every real file ----


def test_that_every_real_file_of_others_is_claimed_by_at_most_one_format(shared_data, tmp_path):
    """Zips too, unpacked; the folders they make are looked at as a whole."""
    twice = {}
    for source in sorted(shared_data.rglob("*")):
        if is_packed(source):
            with unpacked(source, tmp_path) as folder:
                look_at(folder, twice)
        elif source.is_file():
            look_at(source, twice)
    assert not twice


def look_at(source, twice):
    files = [source] if source.is_file() else [source, *list(files_below(source))[:40]]
    for path in files:
        found = [each.name for each in claims(path)]
        if len(found) > 1:
            twice[path.name] = found


REAL = {
    "aistpp/gBR_sBM_cAll_d04_mBR0_ch01.pkl": "AIST++",
    "amass/amass_sample.npz": "AMASS",
    "babel/val.json.zip": "BABEL",
    "bandai_namco_1/bvh.zip": "BVH",
    "bvh_various/animated_drawings.zip": "BVH",
    "characteristic_poses/grab_charposes.csv": "Characteristic poses CSV",
    "characteristic_poses/h36m_charposes.csv": "Characteristic poses CSV",
    "cmu_expmap/txt.zip": "Exponential maps",
    "deepmimic/motions.zip": "DeepMimic",
    "epic_kitchens_100/validation.zip": "EPIC-KITCHENS-100",
    "h36m_sample/cameras.pkl": "Human3.6M cameras",
    "h36m_sample/test_h36m_body3d.npz": "Human3.6M joints",
    "humanact12_classifier/generated_motion_joints500000.npy": "HumanAct12",
    "ikea_asm_sequences/keep_na.xes.zip": "XES",
    "ikea_asm_sequences/no_na.xes.zip": "XES",
    "openpose_body25/0.zip": "OpenPose JSON",
    "openpose_coco18/motion_sample_1.zip": "OpenPose JSON",
    "pose2sim_calibrated/calibration/Calib.qca.txt": "Qualisys cameras",
}


@pytest.mark.parametrize("name", REAL)
def test_that_a_real_file_is_known_for_what_it_is(shared_data, tmp_path, name):
    source = shared_data / name
    if is_packed(source):
        with unpacked(source, tmp_path) as folder:
            assert what_is(folder).format.name == REAL[name]
    else:
        assert what_is(source).format.name == REAL[name]


def test_that_marks_are_still_marks(tmp_path):
    assert what_is(made_marks.make(tmp_path)).format.name == "Marks CSV"
    assert what_is(made_marks.make_json(tmp_path)).format.name == "Marks JSON"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_that_a_pipe_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.bvh")
    with pytest.raises(FileError, match="neither a file nor a folder"):
        what_is(tmp_path / "pipe.bvh")
    with pytest.raises(FormatError, match="holds no file"):
        what_is(tmp_path)


@pytest.mark.parametrize(
    ("name", "advice"),
    [("walk.mp4", "posecast add"), ("a.zip", ".zip files"), ("CMU.tar.bz2", "Unpack it"), ("own.csv", "--column")],
)
def test_that_a_refusal_says_what_can_be_done_with_such_a_file(tmp_path, name, advice):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(b"a;b\n1;2\n")
    for source in (tmp_path / "in", tmp_path / "in" / name):
        with pytest.raises(FormatError) as refusal:
            what_is(source)
        assert advice in refusal.value.hint


def test_that_folders_that_cannot_be_looked_into_are_named(mixed, monkeypatch):
    """Also where the tests run as somebody to whom nothing is locked."""
    really = os.scandir

    def scandir(path):
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = what_is(mixed, "AMASS")
    assert [path.name for path in found.files] == ["y_poses.npz"]
    assert found.locked == (mixed / "a",)

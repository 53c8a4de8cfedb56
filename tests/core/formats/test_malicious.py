"""Files that mean harm: nothing in them is run, no other file is read or written for them, none grows without bound."""

import io
import os
import pickle
import sqlite3
import zipfile
from contextlib import closing

import h5py
import numpy as np
import pytest

from core.errors import CoreError, FormatError
from core.formats import (
    FORMATS,
    aistpp,
    amass,
    elan,
    grab,
    human36m,
    human36m_cameras,
    humanact12,
    ikea_asm,
    ikea_asm_cameras,
    joint_tables,
    mpii_cooking,
    opencv_cameras,
    pose2sim_cameras,
    xes,
)
from core.importing.apart import Check, Refused, Worker
from tests.core.formats import (
    made_aistpp,
    made_amass,
    made_elan,
    made_grab,
    made_human36m,
    made_human36m_cameras,
    made_humanact12,
    made_ikea_asm,
    made_ikea_asm_cameras,
    made_joint_tables,
    made_mpii_cooking,
    made_opencv_cameras,
    made_pose2sim_cameras,
    made_xes,
)

ANNOS = "attributesAnnotations_MPII-Cooking-2.mat"


class Runs:
    """Asks whoever unpickles it to leave a trace."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch '{self.trace}'",)


def to_the_end(read, path):
    found = read(path)
    return list(found) if hasattr(found, "__next__") else found


# ---- pickles --------------------------------------------------------------------------------------------------------


def into_pickle(path, harm):
    held = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps({**held, "more": harm}))


def into_archive(path, harm, member):
    with np.load(path, allow_pickle=True) as arrays:
        held = dict(arrays)
    np.savez(path, allow_pickle=True, **{**held, member: np.array(harm, dtype=object)})


def into_array(path, harm, _=""):
    np.save(path, np.array([harm], dtype=object), allow_pickle=True)


PICKLES = {
    "AIST++": (made_aistpp.make, aistpp.read, into_pickle, ()),
    "HumanAct12 of ACTOR": (made_humanact12.make_actors_file, humanact12.read, into_pickle, ()),
    "HumanAct12 joints": (made_humanact12.make, humanact12.read, into_array, ()),
    "HumanAct12 generated": (made_humanact12.make_generated_file, humanact12.read, into_array, ()),
    "Human3.6M cameras": (made_human36m_cameras.make, human36m_cameras.read, into_pickle, ()),
    "GRAB body": (made_grab.make, grab.read, into_archive, ("body",)),
    "GRAB subject": (made_grab.make, grab.read, into_archive, ("sbj_id",)),
    "GRAB gender": (made_grab.make, grab.read, into_archive, ("gender",)),
    "VideoPose3D": (made_human36m.make_videopose3d, human36m.read, into_archive, ("positions_3d",)),
    "Human3.6M pictures": (made_human36m.make_pictures, human36m.read, into_archive, ("S",)),
    "AMASS poses": (made_amass.make, amass.read, into_archive, ("poses",)),
    "AMASS gender": (made_amass.make, amass.read, into_archive, ("gender",)),
    "Joint array": (made_joint_tables.make_npy, joint_tables.read_npy, into_array, ()),
}


@pytest.mark.parametrize("name", PICKLES)
def test_that_no_format_runs_what_a_pickle_asks_for_or_even_looks_like_it(tmp_path, name):
    make, read, put_in, more = PICKLES[name]
    trace, path = tmp_path / "trace", make(tmp_path)
    put_in(path, Runs(trace), *more)
    with pytest.raises(FormatError, match=f"{path.name}.* asks for {os.system.__module__}.system") as caught:
        to_the_end(read, path)
    assert caught.value.hint == "Nothing of it was run. Ask who made it."
    for each in FORMATS:
        each.sniff(path)
    assert not trace.exists()


def test_that_the_cameras_of_a_data_set_are_no_way_in_either(tmp_path):
    folder, trace = made_ikea_asm_cameras.make_pickles(tmp_path), tmp_path / "trace"
    for path in folder.rglob("*.pkl"):
        into_pickle(path, Runs(trace))
    with pytest.raises(FormatError, match=r"system, which no camera needs"):
        ikea_asm_cameras.read(folder)
    assert not trace.exists()


def test_that_an_archives_member_cannot_leave_it(tmp_path):
    path = made_amass.make_smplh(tmp_path / "in" / "x_poses.npz") if (tmp_path / "in").mkdir() is None else None
    held = io.BytesIO()
    np.save(held, np.zeros((3, 3)))
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("../out.npy", "/out.npy", "../../poses.npy"):
            archive.writestr(name, held.getvalue())
    before = sorted(tmp_path.rglob("*"))
    (recording,) = amass.read(path)
    assert len(recording) == 40
    assert sorted(tmp_path.rglob("*")) == before


# ---- HDF5 -----------------------------------------------------------------------------------------------------------


def external_link(file, secret):
    del file["annos/startFrame"]
    file["annos/startFrame"] = h5py.ExternalLink(str(secret), "/numbers")


def link_to_a_link(file, secret):
    del file["annos/startFrame"]
    file["outside"] = h5py.ExternalLink(str(secret), "/numbers")
    file["annos/startFrame"] = h5py.SoftLink("/outside")


def whole_group_outside(file, secret):
    del file["annos"]
    file["annos"] = h5py.ExternalLink(str(secret), "/annos")


def virtual(file, secret):
    count = len(file["annos/startFrame"])
    del file["annos/startFrame"]
    layout = h5py.VirtualLayout((count, 1), "f8")
    layout[...] = h5py.VirtualSource(str(secret), "numbers", (count, 1))
    file.create_virtual_dataset("annos/startFrame", layout)


def external_bytes(file, secret):
    count = len(file["annos/startFrame"])
    del file["annos/startFrame"]
    file["annos"].create_dataset("startFrame", (count, 1), "f8", external=[(str(secret), 0, 8 * count)])


def external_text(file, secret):
    made = file.create_dataset("#refs#/stolen", (20, 1), "u2", external=[(str(secret), 0, 40)])
    file["annos/activity"][0, 0] = made.ref


def virtual_matrix(file, secret):
    shape = file["annos/iaMat"].shape
    del file["annos/iaMat"]
    layout = h5py.VirtualLayout(shape, "f8")
    layout[...] = h5py.VirtualSource(str(secret), "belongs", shape)
    file.create_virtual_dataset("annos/iaMat", layout)


@pytest.mark.parametrize(
    "put_in",
    [external_link, link_to_a_link, whole_group_outside, virtual, external_bytes, external_text, virtual_matrix],
)
def test_that_hdf5_leads_to_no_other_file(tmp_path, put_in):
    (tmp_path / "set").mkdir()
    path = made_mpii_cooking.make_annotations_alone(tmp_path / "set")
    secret = tmp_path / "secret.h5"
    with h5py.File(path, "r") as file, h5py.File(secret, "w") as other:
        other["numbers"] = file["annos/startFrame"][()]
        other["belongs"] = file["annos/iaMat"][()]
        file.copy("annos", other)
    with h5py.File(path, "r+") as file:
        put_in(file, secret)
    with pytest.raises(FormatError, match=r"no group annos|is no table|lies in another file"):
        mpii_cooking.read(path)


# ---- SQLite ---------------------------------------------------------------------------------------------------------


def changed(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for each in statements:
            connection.execute(each)
        connection.commit()


@pytest.mark.parametrize(
    "statements",
    [
        ("ALTER TABLE videos RENAME TO kept", "CREATE VIEW videos AS SELECT * FROM kept"),
        ("ALTER TABLE annotations RENAME TO kept", "CREATE VIEW annotations AS SELECT * FROM kept"),
        ("DROP TABLE videos", "CREATE VIRTUAL TABLE videos USING fts4(id, video_path, camera, annotated, nframes)"),
        ("DROP TABLE videos", "CREATE VIRTUAL TABLE videos USING rtree(id, video_path, camera)"),
    ],
)
def test_that_only_real_tables_of_a_database_are_asked(tmp_path, statements):
    path = made_ikea_asm.make_actions_alone(tmp_path)
    try:
        changed(path, *statements)
    except sqlite3.OperationalError as error:
        pytest.skip(f"this SQLite makes none: {error}")
    with pytest.raises(FormatError, match=r"it has no table|it is no file of IKEA-ASM"):
        ikea_asm.read(path)


def test_that_a_databases_triggers_and_its_columns_that_compute_do_nothing_and_end(tmp_path):
    path = made_ikea_asm.make_actions_alone(tmp_path)
    other = tmp_path / "other.sqlite"
    changed(other, "CREATE TABLE kept (x)")
    slow = "hex(randomblob(900000000))"
    changed(
        path,
        "CREATE TRIGGER t AFTER INSERT ON videos BEGIN DELETE FROM annotations; END",
        "DROP TABLE objects",
        f"CREATE TABLE objects (id, object, huge TEXT DEFAULT ({slow}))",
    )
    before = path.read_bytes(), other.read_bytes()
    annotations = ikea_asm.read(path)
    assert len(annotations.clips) == len(made_ikea_asm.VIDEOS)
    assert (path.read_bytes(), other.read_bytes()) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([path.name, other.name])


def test_that_a_column_that_is_made_as_it_is_read_is_not_asked(tmp_path):
    path = made_ikea_asm.make_actions_alone(tmp_path)
    changed(
        path,
        "ALTER TABLE videos RENAME TO kept",
        "CREATE TABLE videos (id INTEGER PRIMARY KEY, camera TEXT, annotated BOOLEAN, nframes INTEGER, kept_path TEXT,"
        " video_path TEXT AS (printf('%.900000000c', kept_path)))",
    )
    with pytest.raises(FormatError, match="videos has no column video_path"):
        ikea_asm.read(path)


# ---- XML ------------------------------------------------------------------------------------------------------------

XML = {
    "ELAN": (made_elan.make, elan.read),
    "XES": (made_xes.make, xes.read),
    "OpenCV": (made_opencv_cameras.make_xml, opencv_cameras.read),
    "Qualisys": (made_pose2sim_cameras.make_qualisys, pose2sim_cameras.read_qualisys),
}
TYPES = {
    "an entity that is a file": '<!DOCTYPE a [<!ENTITY stolen SYSTEM "file://{secret}">]>',
    "a type that lies elsewhere": '<!DOCTYPE a SYSTEM "file://{secret}">',
    "a parameter that is a file": '<!DOCTYPE a [<!ENTITY % p SYSTEM "file://{secret}"> %p;]>',
    "entities that multiply": '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", XML)
def test_that_xml_names_no_other_file_and_no_words_of_its_own(tmp_path, name, kind, encoding):
    make, read = XML[name]
    path = make(tmp_path)
    secret = tmp_path / "secret.txt"
    secret.write_text("<!-- a secret -->")
    text = path.read_bytes().decode("utf-8-sig")
    if text.startswith("<?xml"):
        text = text.partition("?>")[2]
    root = text[text.index("<") :]
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    path.write_bytes((declared + root).encode(encoding))
    to_the_end(read, path)  # it is the type that is refused and nothing else
    path.write_bytes((declared + TYPES[kind].format(secret=secret) + root).encode(encoding))
    with pytest.raises(FormatError, match=f"{path.name}.*line 1.*document type"):
        to_the_end(read, path)


# ---- in the process of their own ------------------------------------------------------------------------------------


def test_that_the_process_that_reads_refuses_it_too(tmp_path):
    path, trace = made_grab.make(tmp_path), tmp_path / "trace"
    into_archive(path, Runs(trace), "body")
    with Worker(limit_s=60) as worker:
        (*_, said) = worker.read(Check(path=str(path), format="GRAB"))
    assert isinstance(said, Refused)
    assert "Nothing of it was run" in said.hint
    assert not trace.exists()


def test_that_every_format_that_takes_pickles_is_among_these(tmp_path):
    """Whoever teaches another format to read pickles meets this: a folder of harm that nobody may read."""
    trace = tmp_path / "trace"
    harm = Runs(trace)
    (tmp_path / "harm.pkl").write_bytes(pickle.dumps(harm))
    np.save(tmp_path / "harm.npy", np.array([harm], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "harm.npz", allow_pickle=True, poses=np.array(harm, dtype=object))
    for path in (tmp_path / "harm.pkl", tmp_path / "harm.npy", tmp_path / "harm.npz"):
        for each in FORMATS:
            more = {"size": (640, 480), "frame_count": None} if each.holds == "2D poses" else {}
            with pytest.raises(CoreError):
                to_the_end(lambda path, each=each, more=more: each.read(path, **more), path)
    assert not trace.exists()

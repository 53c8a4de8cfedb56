"""A person's own bodies: added once, found by key, each with whose terms hold for it."""

import pickle

import numpy as np
import pytest

from core.bodies import library
from core.bodies.model_files import gender_in_name, import_model, read_model
from core.errors import CoreError, FileError, FormatError
from tests.core.bodies.made_up_models import as_published, random_arrays, with_chumpy


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("POSECAST_BODIES", str(tmp_path / "kept"))
    return tmp_path / "kept"


def as_pickle(path, arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(as_published(arrays), 2))
    return path


def as_archive(path, arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return path


def yours():
    return [each.key for each in library.choices() if not each.is_built_in]


def assert_same(one, other):
    for name in ("template_m", "shapes_m", "correctives_m", "regressor", "weights", "faces"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert (one.parents, one.family, one.gender, one.licence) == (
        other.parents, other.family, other.gender, other.licence,
    )  # fmt: skip


@pytest.mark.parametrize("family", ["smpl", "smplh", "smplx"])
def test_that_every_way_of_writing_a_body_gives_the_same_body(tmp_path, family):
    arrays = random_arrays(family)
    (tmp_path / "chumpy_male.pkl").write_bytes(with_chumpy(arrays))
    files = [
        tmp_path / "chumpy_male.pkl",
        as_pickle(tmp_path / "plain_male.pkl", arrays),
        as_archive(tmp_path / "archive_male.npz", arrays),
    ]
    one, *others = [import_model(file) for file in files]
    assert (one.family, one.gender) == (family, "male")
    for other in others:
        assert_same(one, other)


def test_that_an_added_body_is_kept_as_it_was_read(tmp_path, kept):
    file = as_pickle(tmp_path / "SMPL_MALE.pkl", random_arrays())
    made = library.add(file)
    assert made.key == "yours/smpl/male"
    assert (made.vertices, made.shapes, made.source) == (60, 10, "SMPL_MALE.pkl")
    model = import_model(file)
    file.unlink()  # it is not needed again
    assert_same(library.body(made.key).model, model)
    with np.load(next(kept.iterdir()), allow_pickle=False) as archive:
        assert not any(archive[name].dtype.hasobject for name in archive.files)


def test_that_the_built_in_bodies_come_first_and_are_free():
    first, *_ = library.choices()
    assert first.key == library.DEFAULT_KEY
    assert first.is_built_in
    assert first.licence == "CC0"
    assert {each.key for each in library.choices()} == {
        f"built-in/{family}/{gender}" for family in ("smpl", "smplx") for gender in ("neutral", "female", "male")
    }
    for each in library.choices():
        model = library.body(each.key).model
        assert (len(model.template_m), model.shapes_m.shape[2]) == (each.vertices, each.shapes)
        assert (model.family, model.gender, model.licence) == (each.family, each.gender, each.licence)


def test_that_whose_terms_hold_is_said_of_each(tmp_path):
    made = library.add(as_archive(tmp_path / "SMPLX_NEUTRAL.npz", random_arrays("smplx")))
    assert "SMPL-X licence" in library.terms(made.licence)
    assert library.body(made.key).model.licence == made.licence == "SMPL-X licence"
    assert "public domain" in library.terms("CC0")


def test_that_a_folder_as_it_was_unpacked_is_added_whole_and_what_is_no_body_is_said(tmp_path):
    models = tmp_path / "models"
    as_pickle(models / "smpl" / "SMPL_FEMALE.pkl", random_arrays())
    as_archive(models / "smplh" / "male" / "model.npz", random_arrays("smplh", shapes=16))
    as_archive(models / "smplx" / "SMPLX_NEUTRAL.npz", random_arrays("smplx", shapes=20))
    hand = {**random_arrays(), "J_regressor": np.ones((16, 60)), "hands_components": np.eye(45)}
    as_pickle(models / "mano" / "MANO_LEFT.pkl", hand)
    as_archive(models / "walk_poses.npz", {"poses": np.zeros((4, 156)), "trans": np.zeros((4, 3))})
    added = library.add_all([models])
    assert [each.key for each in added.choices] == ["yours/smpl/female", "yours/smplx/neutral", "yours/smplh/male"]
    (refusal,) = added.refusals
    assert "hand alone" in str(refusal)


def test_that_an_empty_folder_says_what_it_should_hold(tmp_path):
    (refusal,) = library.add_all([tmp_path]).refusals
    assert "body in this folder" in str(refusal)
    assert "smplx" in refusal.hint


def test_that_a_second_body_of_its_kind_takes_the_place_of_the_first_and_it_is_said(tmp_path):
    first = as_archive(tmp_path / "one_male.npz", random_arrays(seed=1))
    second = as_archive(tmp_path / "two_male.npz", random_arrays(seed=2))
    library.add(first)
    before = library.body("yours/smpl/male")
    added = library.add_all([second])
    assert "one_male.npz" in " ".join(added.notes)
    assert yours() == ["yours/smpl/male"]
    assert np.abs(library.body("yours/smpl/male").model.template_m - before.model.template_m).max() > 0.1
    assert library.add_all([second]).notes == ()


def test_that_a_removed_body_is_gone_and_its_file_stays(tmp_path):
    file = as_archive(tmp_path / "SMPL_MALE.npz", random_arrays())
    key = library.add(file).key
    library.remove(key)
    assert yours() == []
    assert file.exists()
    with pytest.raises(CoreError, match="no body"):
        library.body(key)


def test_that_built_in_bodies_stay():
    with pytest.raises(CoreError, match="built in"):
        library.remove(library.DEFAULT_KEY)


@pytest.mark.parametrize("key", ["", "yours", "yours/smpl/../../x", "built-in/smpl/other"])
def test_that_a_key_of_nothing_is_refused_with_those_there_are(key):
    with pytest.raises(CoreError) as caught:
        library.body(key)
    assert library.DEFAULT_KEY in caught.value.hint


def test_that_a_damaged_kept_body_is_left_out_and_said(tmp_path, kept):
    library.add(as_archive(tmp_path / "SMPL_MALE.npz", random_arrays()))
    library.add(as_archive(tmp_path / "SMPL_FEMALE.npz", random_arrays()))
    (kept / "smpl-male.npz").write_bytes(b"PK\x03\x04")
    assert yours() == ["yours/smpl/female"]
    (said,) = library.complaints()
    assert "smpl-male.npz" in said


def test_that_a_kept_body_with_damaged_arrays_says_what_to_do(tmp_path, kept):
    key = library.add(as_archive(tmp_path / "SMPL_MALE.npz", random_arrays())).key
    whole = (kept / "smpl-male.npz").read_bytes()
    place = whole.index(b"posedirs.npy") + 4000
    (kept / "smpl-male.npz").write_bytes(whole[:place] + bytes(64) + whole[place + 64 :])
    with pytest.raises(FormatError) as caught:
        library.body(key)
    assert "again" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "gender"),
    [
        ("SMPL_MALE.pkl", "male"),
        ("SMPL_FEMALE.pkl", "female"),
        ("basicModel_f_lbs_10_207_0_v1.0.0.pkl", "female"),
        ("basicmodel_m_lbs_10_207_0_v1.1.0.pkl", "male"),
        ("basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl", "neutral"),
        ("SMPLX_NEUTRAL_2020.npz", "neutral"),
        ("smplh/female/model.npz", "female"),
        ("smplh/male/model.npz", "male"),
        ("model.npz", None),
    ],
)
def test_that_the_gender_is_read_off_the_names_publishers_give(tmp_path, name, gender):
    assert gender_in_name(tmp_path / name) == gender


def test_that_a_gender_that_nothing_says_is_supposed_and_said(tmp_path):
    added = library.add_all([as_archive(tmp_path / "model.npz", random_arrays())])
    assert "does not say a gender" in " ".join(added.notes)
    assert added.choices[0].gender == "neutral"
    assert library.add(tmp_path / "model.npz", gender="female").gender == "female"


@pytest.mark.parametrize(
    ("directions", "shapes", "expressions"), [(20, 10, 10), (400, 300, 100), (10, 10, 0), (300, 300, 0)]
)
def test_that_the_expressions_of_smplx_are_told_from_its_shapes(tmp_path, directions, shapes, expressions):
    arrays = random_arrays("smplx", shapes=directions, vertices=40)
    model = import_model(as_archive(tmp_path / "SMPLX_MALE.npz", arrays))
    assert model.shapes_m.shape[2] == shapes
    np.testing.assert_allclose(model.shapes_m, arrays["shapedirs"][..., :shapes], atol=1e-7)
    if expressions:
        np.testing.assert_allclose(model.expressions_m, arrays["shapedirs"][..., shapes:], atol=1e-7)
    else:
        assert model.expressions_m is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"J_regressor": np.ones((5, 60))}, "head alone"),
        ({"J_regressor": np.ones((7, 60))}, "7 joints"),
        ({"posedirs": np.zeros((60, 3, 93))}, "STAR"),
        ({"posedirs": np.zeros((60, 3, 100))}, "posedirs has the shape"),
        ({"v_template": np.full((60, 3), np.nan)}, "not finite"),
        ({"v_template": np.full((60, 3), 1e30) * np.linspace(-1, 1, 60)[:, None]}, "no person is"),
        ({"v_template": np.zeros((60, 3))}, "0 m tall"),
        ({"v_template": np.full((60, 3), "a")}, "instead of numbers"),
        ({"weights": np.ones((60, 24))}, "add up to one"),
        ({"kintree_table": np.stack([np.arange(24) - 1, np.arange(24)[::-1]])}, "another order"),
        ({"f": np.array([[0, 1, 60]])}, "vertex that is not there"),
    ],
)
def test_that_what_is_no_body_or_does_not_fit_together_is_said(tmp_path, change, said):
    with pytest.raises(FormatError, match=said):
        import_model(as_archive(tmp_path / "SMPL_MALE.npz", {**random_arrays(), **change}))


def test_that_a_motion_is_told_from_a_body(tmp_path):
    with pytest.raises(FormatError, match="a motion"):
        import_model(as_archive(tmp_path / "walk.npz", {"poses": np.zeros((4, 156))}))


def test_that_a_full_disk_leaves_the_earlier_body_as_it_was(tmp_path, monkeypatch):
    library.add(as_archive(tmp_path / "SMPL_MALE.npz", random_arrays(seed=1)))
    before = library.body("yours/smpl/male").model

    def full(*args, **named):
        raise OSError(28, "No space left on device")

    file = as_archive(tmp_path / "other_male.npz", random_arrays(seed=2))
    monkeypatch.setattr("core.bodies.model_files.np.savez", full)
    with pytest.raises(FileError, match="the disk is full"):
        library.add(file)
    library._body.cache_clear()
    assert_same(library.body("yours/smpl/male").model, before)


@pytest.mark.parametrize("family", ["smpl", "smplh", "smplx"])
def test_that_an_exported_body_comes_back_as_it_was(tmp_path, family):
    key = library.add(
        as_archive(tmp_path / "a_male.npz", random_arrays(family, shapes=20 if family == "smplx" else 10))
    ).key
    library.export(key, tmp_path / "out.npz")
    back = import_model(tmp_path / "out.npz")
    assert_same(back, library.body(key).model)
    if family == "smplx":
        np.testing.assert_array_equal(back.expressions_m, library.body(key).model.expressions_m)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as archive:
        assert back.licence in str(archive["terms"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # smplx's own
def test_that_smplx_reads_an_exported_built_in_body(tmp_path):
    import smplx
    from smplx.utils import Struct

    library.export(library.DEFAULT_KEY, tmp_path / "SMPL_NEUTRAL.npz")
    with np.load(tmp_path / "SMPL_NEUTRAL.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    theirs = smplx.SMPL("", data_struct=Struct(**arrays))()
    vertices_m, joints_m = library.body().rest()
    np.testing.assert_allclose(theirs.vertices[0].detach(), vertices_m, atol=1e-6)
    np.testing.assert_allclose(theirs.joints[0, :24].detach(), joints_m, atol=1e-6)


def test_that_the_built_in_body_can_be_read_back_as_a_plain_file(tmp_path):
    library.export(library.DEFAULT_KEY, tmp_path / "out.npz")
    assert read_model(tmp_path / "out.npz").licence == "CC0"

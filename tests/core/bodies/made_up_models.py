"""Random body models as the publishers' files hold them, for tests: plain, pickled with SciPy, pickled with chumpy."""

import io
import pickle
import sys
import types
from contextlib import contextmanager

import numpy as np
import scipy.sparse

from core.bodies.poses import joint_names
from core.bodies.skeletons import SMPL_24

JOINTS = {"smpl": 24, "smplh": 52, "smplx": 55}


def parents_of(joints):
    """The trees of SMPL, SMPL-H and SMPL-X."""
    if joints == 24:
        return SMPL_24.parents
    names = joint_names(joints)
    above = []
    for name in names[22:]:
        side = name.split("_")[0]
        if name[-1] in "23" and side in ("left", "right"):
            above.append(names.index(f"{name[:-1]}{int(name[-1]) - 1}"))
        elif name in ("jaw", "left_eye", "right_eye"):
            above.append(names.index("head"))
        else:
            above.append(names.index(f"{side}_wrist"))
    return (*SMPL_24.parents[:22], *above)


def random_arrays(family="smpl", *, vertices=60, shapes=10, seed=0):
    """Arrays of the sizes and kinds that files of the family have, in double precision."""
    rng = np.random.default_rng(seed)
    joints = JOINTS[family]
    regressor = rng.random((joints, vertices)) * (rng.random((joints, vertices)) < 0.3)
    regressor[:, 0] += 0.1
    weights = rng.random((vertices, joints)) ** 8 + 1e-6
    parents = np.array(parents_of(joints), dtype=np.int64)
    arrays = {
        "v_template": rng.normal(0, 0.5, (vertices, 3)),
        "shapedirs": rng.normal(0, 0.02, (vertices, 3, shapes)),
        "posedirs": rng.normal(0, 1e-3, (vertices, 3, 9 * (joints - 1))),
        "J_regressor": regressor / regressor.sum(1, keepdims=True),
        "weights": weights / weights.sum(1, keepdims=True),
        "f": rng.integers(0, vertices, (2 * vertices, 3)).astype(np.uint32),
        # The root's parent as SMPL's own files have it: -1 in 32 bits without a sign.
        "kintree_table": np.stack([parents, np.arange(joints)]).astype(np.uint32),
    }
    if family != "smpl":
        for side in "lr":
            arrays[f"hands_components{side}"] = np.eye(45)
            arrays[f"hands_mean{side}"] = rng.normal(0, 0.2, 45)
    if family == "smplx":
        arrays["lmk_faces_idx"] = rng.integers(0, 2 * vertices, 51)
        arrays["lmk_bary_coords"] = np.full((51, 3), 1 / 3)
    return arrays


def as_published(arrays):
    """What else a published pickle holds: a sparse regressor, words, things of training."""
    return {
        **arrays,
        "J_regressor": scipy.sparse.csc_matrix(arrays["J_regressor"]),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
        "vert_sym_idxs": np.arange(len(arrays["v_template"])),
        "pose_training_info": {"seed": np.float64(3.0), "names": {"a", "b"}},
    }


def with_chumpy(arrays):
    """The pickle's bytes, Python 2's protocol, with template and shapes as chumpy's objects.

    The package itself makes them where it can be imported (it is old), else classes of the same names and contents.
    """
    with _chumpy() as (array, select, add):
        held = as_published(arrays)
        flat = arrays["shapedirs"].size
        held["v_template"] = array(arrays["v_template"])
        # As in the published files, which cut ten shapes out of more.
        more = np.concatenate([arrays["shapedirs"], arrays["shapedirs"]], axis=2)
        places = np.arange(more.size).reshape(more.shape)[:, :, : arrays["shapedirs"].shape[2]].reshape(flat)
        held["shapedirs"] = select(array(more), places, arrays["shapedirs"].shape)
        held["v_posed"] = add(array(arrays["v_template"]), array(np.zeros(3)))  # computed, and wanted by nobody
        stream = io.BytesIO()
        pickle.dump(held, stream, protocol=2)
    return stream.getvalue()


@contextmanager
def _chumpy():
    try:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import chumpy
            from chumpy.ch_ops import add
            from chumpy.reordering import Select
        yield chumpy.array, lambda a, idxs, shape: Select(a=a, idxs=idxs, preferred_shape=shape), add
    except ImportError:
        with _stand_ins() as made:
            yield made


@contextmanager
def _stand_ins():
    """Classes called `chumpy.ch.Ch`, `chumpy.reordering.Select` and `chumpy.ch_ops.add`, for as long as it lasts."""
    modules = {name: types.ModuleType(name) for name in ("chumpy", "chumpy.ch", "chumpy.reordering", "chumpy.ch_ops")}

    def kind(module, name):
        made = type(name, (), {"__module__": module, "__init__": lambda self, **held: self.__dict__.update(held)})
        setattr(modules[module], name, made)
        return made

    ch, chosen, added = kind("chumpy.ch", "Ch"), kind("chumpy.reordering", "Select"), kind("chumpy.ch_ops", "add")
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield (
            lambda x: ch(x=x, _dirty_vars=set(), _itr=None),
            lambda a, idxs, shape: chosen(a=a, idxs=idxs, preferred_shape=shape, _itr=None),
            lambda a, b: added(a=a, b=b, _itr=None),
        )
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module

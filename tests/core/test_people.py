"""Who is who over time: crossings, absences, ghosts; and calming that neither delays nor flattens."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bodies.skeletons import BODY_25, COCO_17
from core.motion import Poses2d
from core.people import Sightings, calmed, followed, people_of

RATE = 30.0
SHAPE = np.random.default_rng(2).uniform(-1, 1, (25, 2)) * [40, 100]  # a body of about 100 px
RED, BLUE = np.array([45.0, 60, 40]), np.array([35.0, 15, -50])
MIRROR = [
    BODY_25[name.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")] for name in BODY_25.joints
]


def sightings(*people) -> Sightings:
    """From (frames, x of each frame, tracklet of each frame, colour or None) for each person."""
    rows = []
    for frames, xs, tracklets, colour in people:
        for frame, x, tracklet in zip(frames, xs, np.broadcast_to(tracklets, len(frames)), strict=True):
            rows.append((frame, x, tracklet, np.zeros(0) if colour is None else colour))
    rows.sort(key=lambda row: (row[0], row[2]))
    return Sightings(
        BODY_25,
        np.array([row[0] for row in rows]),
        np.array([SHAPE + np.array([row[1], 300]) for row in rows], np.float32),
        np.full((len(rows), 25), 0.9, np.float32),
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]),
    )


def way(poses: Poses2d, person: int) -> np.ndarray:
    """x of the body's middle, NaN where it is not seen."""
    x = poses.joints_px[:, person, :, 0].mean(-1) - SHAPE[:, 0].mean()
    return np.where(poses.seen()[:, person].any(-1), x, np.nan)


FRAMES = np.arange(120)
EAST, WEST = 100 + 8.0 * FRAMES, 1060 - 8.0 * FRAMES  # they pass each other at frame 60


def test_that_people_whose_followers_swap_while_they_cross_are_told_apart_by_their_clothes():
    swapped = np.where(FRAMES < 60, 0, 1)
    crossing = sightings((FRAMES, EAST, swapped, RED), (FRAMES, WEST, 1 - swapped, BLUE))
    poses = people_of(crossing, 120, RATE)
    assert poses.people == 2
    ways = sorted((way(poses, person) for person in range(2)), key=lambda each: each[0])
    np.testing.assert_allclose(ways[0], EAST, atol=1e-3)
    np.testing.assert_allclose(ways[1], WEST, atol=1e-3)


def test_that_people_dressed_alike_who_cross_are_told_apart_by_where_they_were_going():
    swapped = np.where(FRAMES < 60, 0, 1)
    crossing = sightings((FRAMES, EAST, swapped, None), (FRAMES, WEST, 1 - swapped, None))
    poses = people_of(crossing, 120, RATE)
    ends = sorted((way(poses, person)[0], way(poses, person)[-1]) for person in range(poses.people))
    np.testing.assert_allclose(ends, [(EAST[0], EAST[-1]), (WEST[0], WEST[-1])])


def test_that_somebody_hidden_behind_another_gets_their_track_back():
    hidden = np.abs(FRAMES - 60) < 12
    crossing = sightings(
        (FRAMES, EAST, 0, RED),
        (FRAMES[~hidden], WEST[~hidden], np.where(FRAMES[~hidden] < 60, 1, 2), BLUE),
    )
    poses = people_of(crossing, 120, RATE)
    assert poses.people == 2
    back = way(poses, 1)
    np.testing.assert_allclose(back[~hidden], WEST[~hidden], atol=1e-3)
    assert np.isnan(back[hidden]).all()


@pytest.mark.parametrize(("colour", "people"), [(RED, 1), (BLUE, 2)])
def test_that_after_a_long_absence_clothes_tell_whether_it_is_the_same_person(colour, people):
    early, late = np.arange(40), np.arange(300, 340)
    seen = sightings((early, 100.0 + 0 * early, 0, RED), (late, 900.0 + 0 * late, 1, colour))
    assert people_of(seen, 400, RATE).people == people


def test_that_two_who_are_there_together_are_never_one_however_alike():
    seen = sightings((FRAMES, 100.0 + 0 * FRAMES, 0, RED), (FRAMES, 600.0 + 0 * FRAMES, 1, RED))
    assert people_of(seen, 120, RATE).people == 2


def test_that_ghosts_go_and_whoever_is_seen_longest_comes_first():
    seen = sightings(
        (FRAMES[:50], 100.0 + 0 * FRAMES[:50], 0, None),
        (FRAMES, 600.0 + 0 * FRAMES, 1, None),
        (FRAMES[30:36], 1100.0 + 0 * FRAMES[30:36], 2, None),
    )
    poses = people_of(seen, 120, RATE, least_s=0.4)
    assert [round(float(np.nanmean(way(poses, person)))) for person in range(poses.people)] == [600, 100]
    assert people_of(seen, 120, RATE).people == 3
    assert people_of(seen, 120, RATE, most=1).people == 1


WHITE = np.array([85.0, 0, 5])


def test_that_the_pieces_of_the_only_person_join_and_gaps_stay_gaps():
    """Lost three times, turned round meanwhile (another colour), walking on unseen."""
    spans = [(0, 40, 300, RED), (52, 90, 330, WHITE), (150, 200, 700, RED), (290, 330, 420, WHITE)]
    seen = sightings(
        *(
            (np.arange(start, end), np.full(end - start, float(x)), number, colour)
            for number, (start, end, x, colour) in enumerate(spans)
        )
    )
    poses = people_of(seen, 340, RATE, most=1, least_s=0.4)
    assert poses.people == 1
    expected = np.full(340, np.nan)
    for start, end, x, _ in spans:
        expected[start:end] = x
    np.testing.assert_allclose(way(poses, 0), expected, atol=1e-3)
    assert (poses.confidence[np.isnan(expected)] == 0).all(), "nothing is made up"


def test_that_a_stranger_far_away_and_dressed_otherwise_is_not_taken_for_the_one_person():
    early, late = np.arange(60), np.arange(300, 340)
    seen = sightings((early, 100.0 + 0 * early, 0, RED), (late, 900.0 + 0 * late, 1, BLUE))
    only = way(people_of(seen, 400, RATE, most=1), 0)
    np.testing.assert_allclose(only[early], 100, atol=1e-3)
    assert np.isnan(only[late]).all()


def test_that_ghosts_on_a_body_go_and_fill_where_their_owner_is_lost():
    """A second follower lies on the same body, a little off; a third has left and right the wrong way round."""
    still, lost = 400.0 + 0 * FRAMES, (FRAMES >= 70) & (FRAMES < 80)
    second, third = (FRAMES >= 40) & (FRAMES < 90), (FRAMES >= 5) & (FRAMES < 30)
    seen = sightings(
        (FRAMES[~lost], still[~lost], 0, RED),
        (FRAMES[second], still[second] + 25, 1, RED),
        (FRAMES[third], still[third] - 10, 2, RED),
    )
    mirrored = seen.joints_px.copy()
    mirrored[seen.tracklets == 2] = mirrored[seen.tracklets == 2][:, MIRROR]
    poses = people_of(replace(seen, joints_px=mirrored), 120, RATE, least_s=0.4)
    assert poses.people == 1
    np.testing.assert_allclose(way(poses, 0), np.where(lost, still + 25, still), atol=1e-3)


def test_that_a_person_dressed_otherwise_in_the_same_place_is_no_ghost():
    near = sightings((FRAMES, 400.0 + 0 * FRAMES, 0, RED), (FRAMES, 420.0 + 0 * FRAMES, 1, BLUE))
    assert people_of(near, 120, RATE).people == 2


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_that_every_sighting_is_kept_once_and_nobody_is_in_two_places(seed):
    rng = np.random.default_rng(seed)
    people = []
    for number in range(rng.integers(1, 4)):
        frames = np.flatnonzero(rng.random(80) < 0.8)
        if len(frames):
            start = 700 * number + rng.uniform(0, 300)  # two who walk side by side all the time would be one seen twice
            people.append((frames, start + rng.uniform(-9, 9) * frames, number, None))
    if not people:
        return
    seen = sightings(*people)
    poses = people_of(followed(replace(seen, tracklets=np.zeros(len(seen), int)), RATE), 80, RATE)
    kept = sorted((int(f), round(float(way(poses, p)[f]))) for p, f in np.argwhere(poses.seen().any(-1).T))
    given_ = sorted((int(f), round(float(x))) for frames, xs, _, _ in people for f, x in zip(frames, xs, strict=True))
    assert len(kept) == len(given_)
    assert all(a[0] == b[0] and abs(a[1] - b[1]) <= 1 for a, b in zip(kept, given_, strict=True))


def test_that_nobody_seen_is_no_track():
    empty = Sightings(
        COCO_17, np.zeros(0, int), np.zeros((0, 17, 2)), np.zeros((0, 17)), np.zeros(0, int), np.zeros((0, 0))
    )
    poses = people_of(followed(empty, RATE), 30, RATE)
    assert (len(poses), poses.people) == (30, 0)
    assert calmed(poses, RATE).people == 0


# ---- calming --------------------------------------------------------------------------------------------------------


def one_joint(track: np.ndarray, confidence: np.ndarray | None = None) -> Poses2d:
    joints = np.repeat(track[:, None, None], 17, axis=2).astype(np.float32)
    sure = np.ones(len(track)) if confidence is None else confidence
    return Poses2d(COCO_17, joints, np.repeat(sure[:, None, None], 17, axis=2).astype(np.float32))


TIME = np.arange(90) / RATE


def test_that_a_parabola_is_left_as_it_is():
    track = np.stack([300 + 400 * TIME - 120 * TIME**2, 200 - 90 * TIME + 60 * TIME**2], axis=-1)
    np.testing.assert_allclose(calmed(one_joint(track), RATE).joints_px[:, 0, 0], track, atol=0.05)


def test_that_trembling_halves_and_a_stroke_keeps_its_height():
    rng = np.random.default_rng(0)
    stroke = 200 * np.exp(-0.5 * ((TIME - 1.5) / 0.2) ** 2)  # a quick reach of 200 px within half a second
    still = np.stack([stroke, 0 * TIME], axis=-1)
    noisy = still + rng.normal(0, 2, still.shape)
    calm = calmed(one_joint(noisy), RATE).joints_px[:, 0, 0]
    assert np.std(calm[:, 1]) < 0.65 * np.std(noisy[:, 1])
    assert np.abs(calm[:, 0] - stroke).max() < 8
    assert abs(int(np.argmax(calm[:, 0])) - int(np.argmax(stroke))) <= 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_that_calming_does_not_know_which_way_time_runs(seed):
    rng = np.random.default_rng(seed)
    track = np.cumsum(rng.normal(0, 3, (40, 2)), axis=0)
    sure = rng.uniform(0.2, 1, 40)
    forward = calmed(one_joint(track, sure), RATE).joints_px
    backward = calmed(one_joint(track[::-1], sure[::-1]), RATE).joints_px[::-1]
    np.testing.assert_allclose(forward, backward, atol=1e-2)


def test_that_a_single_leap_is_ironed_out():
    track = np.stack([100 + 30 * TIME, 50 + 0 * TIME], axis=-1)
    leaping = track.copy()
    leaping[45] += [80, -60]
    calm = calmed(one_joint(leaping), RATE).joints_px[:, 0, 0]
    assert np.linalg.norm(calm[45] - track[45]) < 15
    assert np.abs(np.delete(calm, 45, axis=0) - np.delete(track, 45, axis=0)).max() < 4


def test_that_a_short_gap_is_bridged_less_surely_and_a_long_one_is_not():
    track = np.stack([100 + 30 * TIME, 50 + 0 * TIME], axis=-1)
    sure = np.ones(90)
    sure[20:24] = sure[50:65] = 0
    poses = one_joint(np.where(sure[:, None] > 0, track, 0), sure)
    calm = calmed(poses, RATE)
    np.testing.assert_allclose(calm.joints_px[20:24, 0, 0], track[20:24], atol=0.5)
    np.testing.assert_allclose(calm.confidence[20:24, 0, 0], 0.5)
    assert (calm.confidence[50:65] == 0).all()
    np.testing.assert_allclose(calm.joints_px[45:50, 0, 0], track[45:50], atol=0.5)
    assert poses.confidence[20, 0, 0] == 0, "what was given is not changed"

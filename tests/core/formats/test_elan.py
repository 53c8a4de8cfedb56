"""ELAN's files: tiers, people, objects and poses in; out, valid in their order, and the same when read again."""

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FormatError
from core.formats import elan, elan_writing
from core.formats.annotated import Annotations, ForeignClip, ForeignSegment
from tests.core.formats import made_elan

CUT = ForeignSegment("cut", start_s=1.0, end_s=2.5, objects=("bread", "knife"), actor="Ann", pose_s=1.8)
REST = ForeignSegment("rest", start_s=2.5, end_s=3.5, actor="Ann")
WASH = ForeignSegment("wash", start_s=3.5, end_s=4.5, actor="Ann")
STIR = ForeignSegment("stir", start_s=1.0, end_s=4.5)


def test_that_tiers_are_people_and_what_stands_below_them_objects(tmp_path):
    path = made_elan.make(tmp_path)
    assert elan.is_elan(path)
    found = elan.read(path)
    (clip,) = found.clips
    assert (clip.name, clip.videos) == ("my kitchen.mp4", ("my kitchen.mp4",))
    assert clip.segments == (CUT, STIR, REST, WASH)
    assert found.notes == ("the tier 'remarks' below 'Ann' is left out",)


def test_that_a_person_chooses_tiers_and_what_they_are(tmp_path):
    path = made_elan.make(tmp_path)
    assert elan.read(path, tiers="Ann").clips[0].segments == (CUT, REST, WASH)
    only = elan.read(path, tiers="Bob's hands", tier_is="actor").clips[0].segments
    assert only == (replace(STIR, actor="Bob's hands"),)
    only = elan.read(path, tiers="Bob's hands", tier_is="action").clips[0].segments
    assert only == (replace(STIR, action="Bob's hands"),)
    with pytest.raises(FormatError, match="no tier 'Cleo'"):
        elan.read(path, tiers="Cleo")


WORDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|"), min_size=1, max_size=9)
MILLISECONDS = st.integers(0, 60_000)


@st.composite
def segments(draw):
    start, length = draw(MILLISECONDS), draw(st.integers(1, 5000))
    pose = draw(st.none() | MILLISECONDS)
    return ForeignSegment(
        draw(st.sampled_from(["cut", "wash", "cut (a1)"]) | WORDS), start_s=start / 1000, end_s=(start + length) / 1000,
        objects=tuple(draw(st.lists(WORDS, max_size=3))), actor=draw(st.sampled_from(["", "Ann", "A@1"])),
        pose_s=None if pose is None else pose / 1000,
    )  # fmt: skip


def in_order(found):
    return sorted(found, key=repr)


@given(st.lists(segments(), max_size=8))
def test_that_a_file_read_again_holds_the_same_segments_objects_people_and_poses(tmp_path_factory, given_):
    path = tmp_path_factory.mktemp("elan") / "clip.eaf"
    clip = ForeignClip("kitchen 1", tuple(given_), rate_hz=29.97, frame_count=900, width=64, height=48, performer="x")
    elan_writing.write(Annotations((clip,)), path)
    assert elan.is_elan(path)
    (again,) = elan.read(path).clips
    assert in_order(again.segments) == in_order(clip.segments)
    assert replace(again, segments=()) == replace(clip, segments=())


def test_that_a_file_keeps_the_order_and_the_references_of_eaf(tmp_path):
    overlapping = (CUT, replace(CUT, pose_s=2.0), WASH, STIR)
    path = tmp_path / "clip.eaf"
    elan_writing.write(Annotations((ForeignClip("k", overlapping, 25.0, videos=("/films/k 1.mp4",)),)), path)
    root = ElementTree.parse(path).getroot()
    order = [
        "HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LOCALE", "LANGUAGE", "CONSTRAINT", "CONTROLLED_VOCABULARY"
    ]  # fmt: skip
    places = [order.index(each.tag) for each in root]
    assert places == sorted(places)
    slots = {each.get("TIME_SLOT_ID"): int(each.get("TIME_VALUE", "")) for each in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    types = {each.get("LINGUISTIC_TYPE_ID") for each in root.iter("LINGUISTIC_TYPE")}
    tiers = {each.get("TIER_ID"): each for each in root.iter("TIER")}
    assert {"action", "action@Ann", "action 2@Ann", "objects@Ann", "characteristic pose@Ann"} <= tiers.keys()
    keys = [each.get("ANNOTATION_ID") for each in root.iter() if "ANNOTATION_ID" in each.attrib]
    assert len(keys) == len(set(keys))
    for tier in tiers.values():
        assert tier.get("LINGUISTIC_TYPE_REF") in types
        assert tier.get("PARENT_REF", "action") in tiers
        spans = [
            (slots[each.get("TIME_SLOT_REF1")], slots[each.get("TIME_SLOT_REF2")])
            for each in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        assert all(start < end for start, end in spans)
        assert all(a[1] <= b[0] for a, b in pairwise(spans)), "annotations of a tier never overlap"
        for each in tier.iter("REF_ANNOTATION"):
            assert each.get("ANNOTATION_REF") in keys
    entries = {each.get("CVE_ID") for each in root.iter("CV_ENTRY_ML")}
    assert {each.get("CVE_REF") for each in root.iter("ALIGNABLE_ANNOTATION")} - {None} == entries
    (media,) = root.iter("MEDIA_DESCRIPTOR")
    assert (media.get("MEDIA_URL"), media.get("MIME_TYPE")) == ("file:///films/k%201.mp4", "video/mp4")


def test_that_several_clips_become_files_of_a_folder(tmp_path):
    clips = (ForeignClip("a/b", (CUT,)), ForeignClip("b", (WASH,)), ForeignClip("B.mp4", (REST,)))
    elan_writing.write(Annotations(clips), tmp_path / "out")
    found = {elan.read(each).clips[0].name for each in (tmp_path / "out").iterdir()}
    assert found == {"a/b", "b", "B.mp4"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('TIME_VALUE="2500"', 'TIME_VALUE="soon"', "line 12: a time of 'soon'"),
        ('TIME_VALUE="2500"', 'TIME_VALUE="999999999999"', "line 12: a time of"),
        ('TIME_VALUE="1000"', 'TIME_VALUE="2600"', "it runs from 2600 to 2500 ms"),
        ('TIME_SLOT_REF1="ts2"', 'TIME_SLOT_REF1="ts9"', "no time slot 'ts9'"),
        ('TIME_SLOT_ID="ts4" TIME_VALUE="4500"', 'TIME_SLOT_ID="ts4"', "'ts3' of 'Ann' has no time"),
        (' ANNOTATION_ID="a2"', "", "has no ANNOTATION_ID"),
        ('ANNOTATION_ID="a2"', 'ANNOTATION_ID="a1"', "a1 is there twice"),
        ("<ANNOTATION_DOCUMENT", "<!DOCTYPE a><ANNOTATION_DOCUMENT", "document type"),
        ('TIME_UNITS="milliseconds"', 'TIME_UNITS="NTSC-frames"', "times in NTSC-frames"),
        ("</ANNOTATION_DOCUMENT>", "", "not well-formed"),
        ("ANNOTATION_DOCUMENT", "html", "no ELAN file"),
    ],
)
def test_that_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path, old, new, says):
    path = made_elan.make(tmp_path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(FormatError, match=says) as caught:
        elan.read(path)
    assert caught.value.hint

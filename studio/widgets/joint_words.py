"""The nine joints of the upper body by their names in the person's language."""

from studio.words import said, say


def joint_words(joint: str) -> str:
    """`left_hand` as a person reads it."""
    known = {
        "head": say("head"),
        "neck": say("neck"),
        "hip": say("hip"),
        "left_shoulder": say("left shoulder"),
        "left_elbow": say("left elbow"),
        "left_hand": say("left hand"),
        "right_shoulder": say("right shoulder"),
        "right_elbow": say("right elbow"),
        "right_hand": say("right hand"),
    }
    return known.get(joint) or said(joint.replace("_", " "))


def joint_title(joint: str) -> str:
    """The same where it begins a line."""
    words = joint_words(joint)
    return words[:1].upper() + words[1:]

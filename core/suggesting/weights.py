"""How much each reason counts."""

START_WEIGHTS: dict[str, float] = {
    "arms": 1.0,
    "legs": 1.0,
    "still": 1.0,
    "turn": 1.0,
    "arrival": 1.0,
    "neutral": 1.0,
    "meeting": 0.3,
    "surprise": 0.5,
    "middle": 1.0,
}

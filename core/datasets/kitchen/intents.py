"""What it takes to do something, given how things stand: a shut door is opened, a full hand is emptied first.

Every planner here gets the state and what it is about, and returns either the next labelled step (having
changed the state) or a list of smaller intents that replace it. A planner that finds nothing to do returns none.
"""

from core.datasets.kitchen.dishes import Task
from core.datasets.kitchen.state import IN_HAND, Intent, Outcome, State, Whereabouts
from core.datasets.kitchen.world import BESIDE_BOARD, CONTAINER_NAMES, SPOTS, TOOLS, TWO_HANDED, VESSEL_PLACES

BOUTS = {
    "cut": 0.32, "peel": 0.25, "wash": 0.18, "stir": 0.22, "whisk": 0.3, "knead": 0.4, "grate": 0.3, "season": 0.25,
    "pour": 0.12, "shake": 0.15, "spread": 0.25, "dry": 0.1, "wipe": 0.3,
}  # fmt: skip
"""How often work is done in two bouts with a break between."""
GOES_HOME = ("salt", "pepper", "oil", "towel", "cloth")
"""Put back where they live rather than left on the worktop."""
_BOWL_INGREDIENTS = ("egg", "milk", "flour")

# ---- doors ----------------------------------------------------------------------------------------------------------


def open_door(state: State, door: str) -> Outcome:
    if door in state.open_doors:
        return []
    hand = state.free_hand("main")
    if hand is None:
        return [Intent(put, (state.holding["main"],)), Intent(open_door, (door,))]
    state.open_doors.add(door)
    return state.step("open", CONTAINER_NAMES[door], door, None, hand)


def close_door(state: State, door: str) -> Outcome:
    """With an elbow where both hands are full: people do."""
    if door not in state.open_doors:
        return []
    state.open_doors.discard(door)
    return state.step("close", CONTAINER_NAMES[door], door, None, state.free_hand("other") or "other")


def close_something(state: State) -> Outcome:
    return [Intent(close_door, (min(state.open_doors),))] if state.open_doors else []


# ---- taking and putting ---------------------------------------------------------------------------------------------


def take(state: State, thing: str, keep: tuple[str, ...] = ()) -> Outcome:
    """Gets `thing` in hand, whatever hides it or is in the way; things in `keep` stay in hand if they can."""
    if state.hand_holding(thing):
        return []
    place, point, container = state.whereabouts[thing]
    full = state.full_hands()
    if len(full) == 2 or (thing in TWO_HANDED and full):
        spare = [hand for hand in full if state.holding[hand] not in keep] or full
        return [Intent(put, (state.holding[spare[0]],)), Intent(take, (thing, keep))]
    if container and container not in state.open_doors:
        return [Intent(open_door, (container,)), Intent(take, (thing, keep))]
    if thing in TWO_HANDED:
        hand = "both"
        state.holding["main"] = state.holding["other"] = thing
    else:
        from_larder = place == "larder" and not full and thing not in TOOLS
        hand = state.free_hand("other" if from_larder else "main")
        assert hand is not None
        state.holding[hand] = thing
    state.lying.pop(thing, None)
    state.whereabouts[thing] = Whereabouts(IN_HAND, None, None)
    if container:
        state.intents.insert(0, Intent(leave_container, (container, thing)))
    return state.step("take", thing, place, point, hand)


def leave_container(state: State, door: str, taken: str) -> Outcome:
    """Before an open door: take another thing along, leave it open for the next, or close it."""
    more = [
        task.thing
        for task in state.needs
        if task.kind == "gather"
        and task not in state.done
        and task.thing not in TWO_HANDED
        and task.thing != taken
        and state.whereabouts[task.thing].container == door
    ]
    habits = state.habits
    if more and state.free_hand("other") and state.rng.random() < habits.two_at_a_time:
        usual = min(more, key=lambda thing: habits.order.get(thing, 0.5))
        chosen = usual if state.rng.random() < 0.8 else more[int(state.rng.integers(len(more)))]
        state.done.add(Task("gather", chosen))
        return [Intent(take, (chosen,))]
    closing = habits.close_at_once * (0.5 if more else 1.0)
    return [Intent(close_door, (door,))] if state.rng.random() < closing else []


def put(state: State, thing: str, place: str | None = None) -> Outcome:
    """Puts `thing` down, at a handy free spot where nothing else is said; some things go home instead."""
    hand = state.hand_holding(thing)
    if hand is None:
        return []
    if state.holding["main"] == state.holding["other"]:
        hand = "both"
    place = place or state.free_spot()
    point = state.point_on_board(thing) if place == "middle" and thing != "board" else state.point_of(place)
    if thing in GOES_HOME and place in SPOTS:
        home = state.kitchen.homes[thing]
        place, point = home.place, home.point_m
    for each, held in state.holding.items():
        if held == thing:
            state.holding[each] = None
    state.whereabouts[thing] = Whereabouts(place, point, None)
    state.lying[thing] = place
    return state.step("put", thing, place, point, hand)


def put_all_down(state: State, *keep: str) -> Outcome:
    held = [state.holding[hand] for hand in state.full_hands() if state.holding[hand] not in keep]
    return [Intent(put, (held[0],)), Intent(put_all_down, keep)] if held else []


def take_in_main_hand(state: State, tool: str) -> Outcome:
    main, other = state.holding["main"], state.holding["other"]
    if main == tool:
        return []
    if state.hand_holding(tool):  # from one hand into the other: nobody marks that
        state.holding["main"], state.holding["other"] = other, main
        return []
    if main is not None:
        return [Intent(put, (main,)), Intent(take_in_main_hand, (tool,))]
    return [Intent(take, (tool, (tool,)))]


# ---- work -----------------------------------------------------------------------------------------------------------


def work(state: State, verb: str, thing: str, place: str) -> Outcome:
    """A bout of work; now and then followed by another, with something small between the two."""
    if state.rng.random() < BOUTS.get(verb, 0.0):
        state.intents[:0] = [*_between_bouts(state, verb, thing), Intent(work_once, (verb, thing, place))]
    return work_once(state, verb, thing, place)


def _between_bouts(state: State, verb: str, thing: str) -> list[Intent]:
    """People turn the thing, rinse it, push pieces into the bowl."""
    draw = state.rng.random()
    if verb in ("peel", "cut") and draw < 0.12:
        return [Intent(work_once, ("wash", thing, "sink"))]
    if verb in ("peel", "grate", "wash") and draw < 0.25 and state.hand_holding(thing):
        tool = state.holding["main"]
        return [Intent(put, (thing, "middle")), Intent(take, (thing, (tool,) if tool else ()))]
    if verb == "cut" and draw < 0.5:
        return [Intent(work_once, ("add", thing, BESIDE_BOARD))]
    return []


def work_once(state: State, verb: str, thing: str, place: str) -> Outcome:
    """On the board, work is where the thing lies (or what it is grated on)."""
    lies = state.whereabouts.get("grater" if verb == "grate" else thing)
    point = lies.point_m if lies is not None and lies.place == place == "middle" else None
    return state.step(verb, thing, place, point, "main")


def perhaps(state: State, share: float, intent: Intent) -> Outcome:
    return [intent] if state.rng.random() < share else []


def add_to(state: State, thing: str, place: str) -> Outcome:
    """Scrapes or lifts `thing` from where it lies into the vessel; what is far or in hand is taken and put."""
    where = state.whereabouts[thing]
    if where.container or where.place == IN_HAND:
        return [Intent(take, (thing,)), Intent(put, (thing, place))]
    if len(state.full_hands()) == 2:
        return [Intent(put, (state.holding["other"],)), Intent(add_to, (thing, place))]
    state.whereabouts[thing] = Whereabouts(place, state.point_of(place), None)
    return state.step("add", thing, place, None, "other" if state.holding["main"] else "main")


def forget(state: State, thing: str) -> Outcome:
    """It is in the dish now and takes no room on the worktop."""
    state.lying.pop(thing, None)
    return []


def clear_grater(state: State) -> Outcome:
    """Off the board, unless it stands somewhere else by now."""
    return [_take("grater"), _put("grater")] if state.whereabouts["grater"].place == "middle" else []


def turn_on_hob(state: State) -> Outcome:
    return work_once(state, "turn_on", "hob", "knob")


def wash_hands(state: State) -> Outcome:
    dry = Intent(perhaps, (0.3 + 0.7 * state.habits.dry_hands, Intent(dry_hands)))
    return [Intent(work, ("wash", "hands", "sink")), dry]


def dry_hands(_state: State) -> Outcome:
    return [
        Intent(put_all_down),
        Intent(take, ("towel",)),
        Intent(work, ("dry", "hands", "towel")),
        Intent(put, ("towel", "towel")),
    ]


def lay_board(state: State) -> Outcome:
    if state.whereabouts["board"].place != "back_top":
        return []
    return [Intent(put_all_down, ("knife",)), Intent(take, ("board",)), Intent(put, ("board", "middle"))]


def lay_on_board(state: State, thing: str) -> Outcome:
    if state.whereabouts[thing].place == "middle":
        return []
    return [Intent(take, (thing, ("knife",))), Intent(put, (thing, "middle"))]


def unload(state: State) -> Outcome:
    """After fetching: what came along counts as gathered; go straight on with it, or put it down."""
    held = state.held_things()
    state.done.update(Task("gather", thing) for thing in held)
    downs = [Intent(put, (thing,)) for thing in held if thing not in TOOLS]
    following = [task for task in state.possible_tasks() if task.kind != "gather" and task.thing in held]
    if len(downs) == 1 and following and state.rng.random() < state.habits.one_thing_to_the_end * 0.8:
        return [_begin_task(state, following[0])]
    return downs + ([Intent(perhaps, (0.75, Intent(close_something)))] if state.open_doors else [])


def go_on_or_put(state: State, thing: str) -> Outcome:
    following = [task for task in state.possible_tasks() if task.thing == thing]
    if following and state.rng.random() < state.habits.one_thing_to_the_end * 0.75:
        return [_begin_task(state, following[0])]
    on_board = state.board_is_free() and "board" not in state.lying and state.rng.random() < 0.4
    return [Intent(put, (thing, "middle" if on_board else None))]


def leave_tool(state: State, kind: str, tool: str) -> Outcome:
    """Kept in hand where more of the same waits."""
    if any(task.kind == kind for task in state.possible_tasks()) and state.rng.random() < 0.8:
        return []
    return [Intent(perhaps, (0.3 + 0.55 * state.habits.tidy, Intent(put, (tool,))))]


def _begin_task(state: State, task: Task) -> Intent:
    state.done.add(task)
    state.last_thing = task.thing
    return Intent(carry_out, (task,))


# ---- tasks ----------------------------------------------------------------------------------------------------------


def carry_out(state: State, task: Task) -> Outcome:
    """The intents a task consists of."""
    return _TASKS[task.kind](state, task.thing)


def _work(verb: str, thing: str, place: str) -> Intent:
    return Intent(work, (verb, thing, place))


def _put(thing: str, place: str | None = None) -> Intent:
    return Intent(put, (thing, place))


def _take(thing: str, *keep: str) -> Intent:
    return Intent(take, (thing, keep))


def _at_vessel(state: State) -> str:
    return VESSEL_PLACES[state.dish.vessel]


def _gather(_state: State, thing: str) -> list[Intent]:
    return [_take(thing), Intent(unload)]


def _set_vessel(state: State, vessel: str) -> list[Intent]:
    state.lying[vessel] = VESSEL_PLACES[vessel]
    return [_take(vessel), _put(vessel, VESSEL_PLACES[vessel])]


def _heat(_state: State, _vessel: str) -> list[Intent]:
    return [Intent(turn_on_hob)]


def _oil(state: State, _vessel: str) -> list[Intent]:
    away = _put("oil", "oil_spot" if state.habits.tidy > 0.35 else None)
    return [_take("oil"), _work("pour", "oil", _at_vessel(state)), away]


def _water(state: State, _vessel: str) -> list[Intent]:
    fill = _work("wash", "glass", "sink")
    return [_take("glass"), fill, _work("pour", "glass", _at_vessel(state)), _put("glass")]


def _wash(state: State, thing: str) -> list[Intent]:
    dryness = state.habits.dry_hands
    shake = [Intent(perhaps, (0.45 * dryness, _work("shake", thing, "sink")))] if thing != "lettuce" else []
    dry = Intent(perhaps, (0.5 * dryness, Intent(dry_hands)))
    return [_take(thing), _work("wash", thing, "sink"), *shake, Intent(go_on_or_put, (thing,)), dry]


def _shake_in_colander(_state: State, thing: str) -> list[Intent]:
    return [
        Intent(put_all_down), _take("colander"), _put("colander", "sink"), _take(thing), _put(thing, "sink"),
        _work("shake", "colander", "sink"), _take(thing), _put(thing),
    ]  # fmt: skip


def _peel(state: State, thing: str) -> list[Intent]:
    to_board = Task("cut", thing) in state.needs and state.board_is_free()
    return [
        Intent(take_in_main_hand, ("peeler",)), _take(thing, "peeler"), _work("peel", thing, "middle"),
        _put(thing, "middle" if to_board else None), Intent(leave_tool, ("peel", "peeler")),
    ]  # fmt: skip


def _cut(_state: State, thing: str) -> list[Intent]:
    return [
        Intent(lay_board), Intent(lay_on_board, (thing,)), Intent(take_in_main_hand, ("knife",)),
        _work("cut", thing, "middle"), Intent(leave_tool, ("cut", "knife")),
    ]  # fmt: skip


def _grate(state: State, thing: str) -> list[Intent]:
    clear = Intent(perhaps, (0.5 + 0.5 * state.habits.tidy, Intent(clear_grater)))
    return [
        Intent(lay_board), Intent(put_all_down), _take("grater"), _put("grater", "middle"), _take(thing),
        _work("grate", thing, "middle"), _put(thing), clear,
    ]  # fmt: skip


def _knead(_state: State, thing: str) -> list[Intent]:
    knead = _work("knead", thing, "middle")
    return [
        Intent(put_all_down), Intent(lay_board), Intent(lay_on_board, (thing,)), Intent(put_all_down), knead,
        Intent(perhaps, (0.5, knead)),
    ]  # fmt: skip


def _dust(_state: State, _thing: str) -> list[Intent]:
    return [_take("flour"), _work("season", "flour", "middle"), _put("flour")]


def _sauce(_state: State, _thing: str) -> list[Intent]:
    return [Intent(take_in_main_hand, ("spoon",)), _work("spread", "dough", "middle"), _put("spoon")]


def _spread(state: State, _thing: str) -> list[Intent]:
    hold = [_take("butter", "knife")] if state.rng.random() < 0.4 else []
    spread = _work("spread", "butter", "middle")
    return [Intent(take_in_main_hand, ("knife",)), *hold, spread, Intent(leave_tool, ("spread", "knife"))]


def _pour_in(state: State, thing: str) -> list[Intent]:
    into_bowl = state.dish.mixing_bowl and thing in _BOWL_INGREDIENTS
    into = VESSEL_PLACES["bowl"] if into_bowl else _at_vessel(state)
    return [_take(thing), _work("pour", thing, into), Intent(perhaps, (0.7, _put(thing)))]


def _add(state: State, thing: str) -> list[Intent]:
    with_knife = state.whereabouts[thing].place == "middle" and state.rng.random() < 0.3
    knife = [Intent(take_in_main_hand, ("knife",))] if with_knife else []
    return [*knife, Intent(add_to, (thing, _at_vessel(state))), Intent(forget, (thing,))]


def _whisk(_state: State, _bowl: str) -> list[Intent]:
    whisk = _work("whisk", "bowl", VESSEL_PLACES["bowl"])
    hold = Intent(take_in_main_hand, ("whisk",))
    return [Intent(put_all_down, ("whisk",)), hold, whisk, Intent(perhaps, (0.4, whisk)), _put("whisk")]


def _pour_mix(state: State, _bowl: str) -> list[Intent]:
    return [Intent(put_all_down), _take("bowl"), _work("pour", "bowl", _at_vessel(state)), _put("bowl")]


def _stir(state: State, vessel: str) -> list[Intent]:
    more = any(task.kind in ("stir", "taste") for task in state.possible_tasks())
    away = [] if more else [Intent(perhaps, (0.6, _put("spoon")))]
    return [Intent(take_in_main_hand, ("spoon",)), _work("stir", vessel, _at_vessel(state)), *away]


def _toss(_state: State, _vessel: str) -> list[Intent]:
    return [Intent(put_all_down), _work("shake", "pan", VESSEL_PLACES["pan"])]


def _season(state: State, thing: str) -> list[Intent]:
    back = _put(thing, "jars" if state.habits.tidy > 0.5 else None)
    return [_take(thing), _work("season", thing, _at_vessel(state)), back]


def _taste(state: State, vessel: str) -> list[Intent]:
    at = _at_vessel(state)
    stir = Intent(perhaps, (0.35, _work("stir", vessel, at)))
    return [Intent(take_in_main_hand, ("spoon",)), _work("taste", vessel, at), stir, _put("spoon")]


def _drain(state: State, vessel: str) -> list[Intent]:
    needs_it = state.hand_holding("colander") is None and state.whereabouts["colander"].place != "sink"
    fetch = [_take("colander")] if needs_it else []
    return [
        Intent(put_all_down), *fetch, _put("colander", "sink"), _take(vessel), _work("pour", vessel, "sink"),
        _put(vessel, _at_vessel(state)), _work("shake", "colander", "sink"),
    ]  # fmt: skip


def _plate(state: State, vessel: str) -> list[Intent]:
    plate_at = VESSEL_PLACES["plate"]
    return [
        Intent(put_all_down), _take("plate"), _put("plate", plate_at), _take(vessel), _work("pour", vessel, plate_at),
        _put(vessel, _at_vessel(state)),
    ]  # fmt: skip


def _clean(_state: State, _thing: str) -> list[Intent]:
    return [
        Intent(put_all_down, ("knife",)), _take("knife"), _work("wash", "knife", "sink"), _take("towel", "knife"),
        _work("dry", "knife", "towel"), _put("towel", "towel"), _put("knife"),
    ]  # fmt: skip


def _wipe(state: State, _thing: str) -> list[Intent]:
    where = ("spot_1", "spot_3", "middle")[int(state.rng.integers(3))]
    return [Intent(put_all_down), _take("cloth"), _work("wipe", "counter", where), _put("cloth", "by_sink")]


_TASKS = {
    "gather": _gather, "vessel": _set_vessel, "heat": _heat, "oil": _oil, "water": _water, "wash": _wash,
    "shake": _shake_in_colander, "peel": _peel, "cut": _cut, "grate": _grate, "knead": _knead, "dust": _dust,
    "sauce": _sauce, "spread": _spread, "pour_in": _pour_in, "add": _add, "whisk": _whisk, "pour_mix": _pour_mix,
    "stir": _stir, "toss": _toss, "season": _season, "taste": _taste, "drain": _drain, "plate": _plate,
    "clean": _clean, "wipe": _wipe,
}  # fmt: skip

"""The calculation once more, written from its description with dictionaries and fractions.

It reads the rules as JSON, lays every unit out by itself and knows no index, no bit mask and no
batch. It is slow, it shares no code with the real one, and it must agree with it to the coin.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from regulars.loyalty.pure.cart import Cart, Member
from regulars.loyalty.tests.random_carts import Case

LANES = ["price", "line", "cart", "code"]
PRICE_EFFECTS = ["percent_off", "amount_off", "fixed_price", "set_price", "free_units"]
Shop = dict[str, Any]


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def largest_remainder(total: int, weights: list[int]) -> list[int]:
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    shares = [floor(one) for one in exact]
    order = sorted(range(len(weights)), key=lambda at: (shares[at] - exact[at], at))
    for at in order[: total - sum(shares)]:
        shares[at] += 1
    return shares


def fill(total: int, weights: list[int], rooms: list[int]) -> list[int]:
    given = [0] * len(weights)
    while total > sum(given):
        open_at = [at for at in range(len(weights)) if given[at] < rooms[at]]
        heavy = [at for at in open_at if weights[at] > 0] or open_at
        shares = largest_remainder(total - sum(given), [weights[at] for at in heavy])
        for at, share in zip(heavy, shares, strict=True):
            given[at] = min(rooms[at], given[at] + share)
    return given


def naive(case: Case) -> Shop:
    """What is paid, taken off, earned and refused."""
    lone = [one for one in ordered(case) if one[1]["stack"]["exclusive"] and not quiet(one[1])]
    common = [one for one in ordered(case) if one not in lone]
    best = world(case, common)
    for one in [one for one in lone if reaches(case, one)]:
        found = world(case, [one])
        is_tied = found["off"] == best["off"] and best.get("exclusive")
        if found["applied"] and found["off"] >= best["off"] and not is_tied:
            best = {**found, "exclusive": one[0]}
    settle(case, best)
    return best


def quiet(definition: Shop) -> bool:
    return all(effect["type"] == "message" for effect in definition["effects"])


def reaches(case: Case, one: tuple[str, Any]) -> bool:
    return one[1]["trigger"] == "cart" or opened(case, one[0]) != ""


def opened(case: Case, slug: str) -> str:
    codes = [one.code for one in case.codes if one.promotion_id == slug]
    return next((code for code in sorted(codes) if code in case.cart.codes), "")


def ordered(case: Case) -> list[tuple[str, Any]]:
    first: dict[Any, int] = {}
    for slug, one in case.promotions:
        key = (one["lane"], one["group"] or f"{slug} alone")
        first[key] = min(first.get(key, 10**9), one["priority"])
    return sorted(
        case.promotions,
        key=lambda one: (
            LANES.index(one[1]["lane"]),
            first[one[1]["lane"], one[1]["group"] or f"{one[0]} alone"],
            one[1]["group"] or f"{one[0]} alone",
            one[1]["priority"],
            one[0],
        ),
    )


def world(case: Case, promotions: list[tuple[str, Any]]) -> Shop:
    lines = []
    for line in case.cart.lines:
        initial = line.base_minor - line.external_discount_minor
        own = -floor(Fraction(-line.min_price_minor * line.quantity_milli, 1000))
        wide = case.programme["pricing"]["floor_minor"] * line.quantity_milli
        wide = min(-floor(Fraction(-wide, 1000)), initial)
        units = line.quantity_milli // 1000 if line.quantity_milli % 1000 == 0 else 1
        lines.append({"line": line, "initial": initial, "left": initial,
                      "floor": max(own, wide), "units": units})  # fmt: skip
    state: Shop = {"lines": lines, "applied": {}, "off": 0, "earners": []}
    take_tier(case, state)
    seen = []
    for lane in LANES:
        for slug, one in promotions:
            key = (lane, one["group"] or f"{slug} alone")
            if one["lane"] != lane or key in seen:
                continue
            seen.append(key)
            group = [
                other
                for other in promotions
                if (other[1]["lane"], other[1]["group"] or f"{other[0]} alone") == key
                and reaches(case, other)
            ]
            run_group(case, state, group, mode_of(case, key))
    return state


def mode_of(case: Case, key: Any) -> str:
    """A group's mode is the first that is not `all`, promotions out of reach included."""
    for slug, one in ordered(case):
        is_mine = (one["lane"], one["group"] or f"{slug} alone") == key
        if is_mine and one["stack"]["group_mode"] != "all":
            return str(one["stack"]["group_mode"])
    return "all"


def take_tier(case: Case, state: Shop) -> None:
    if case.member is None:
        return
    shares = [Fraction(case.member.card_discount, 10000)]
    for tier in case.programme["tiers"]["tiers"]:
        if tier["slug"] == case.member.tier:
            shares.append(Fraction(tier["discount"]) / 100)
    touched = open_lines(state)
    rooms = [max(0, line["left"] - line["floor"]) for line in touched]
    if touched and max(shares):
        total = half_up(sum(line["left"] for line in touched) * max(shares))
        total = min(total, sum(rooms))
        spread = fill(total, [line["left"] for line in touched], rooms)
        for line, amount in zip(touched, spread, strict=True):
            line["left"] -= amount


def open_lines(state: Shop) -> list[Shop]:
    return [
        line for line in state["lines"] if line["line"].takes_promotions and line["initial"] > 0
    ]


def run_group(case: Case, state: Shop, group: list[tuple[str, Any]], mode: str) -> None:
    if len(group) == 1 or mode == "all":
        for one in group:
            commit(state, attempt(case, state, one))
    elif mode == "first":
        for one in group:
            found = attempt(case, state, one)
            commit(state, found)
            if found:
                return
    else:
        tried = [found for one in group if (found := attempt(case, state, one))]
        if tried:
            sums = [sum(found["amounts"]) for found in tried]
            wanted = max(sums) if mode == "best_for_customer" else min(sums)
            commit(state, tried[sums.index(wanted)])


def commit(state: Shop, found: Shop | None) -> None:
    if not found:
        return
    for line, amount in zip(found["lines"], found["amounts"], strict=True):
        line["left"] -= amount
    state["applied"][found["slug"]] = found
    state["off"] += sum(found["amounts"])


def attempt(case: Case, state: Shop, one: tuple[str, Any]) -> Shop | None:
    slug, rule = one
    if is_kept_out(slug, rule, state):
        return None
    if "when" in rule and not true_of_cart(rule["when"], case, state):
        return None
    limits = rule.get("limits", [])
    if case.member is None and any(limit["per"] == "member" for limit in limits):
        return None
    lefts = [limit["value"] - int(limit["value"] * case.usage_share) for limit in limits]
    if any(left <= 0 for left in lefts):
        return None
    budgets = [
        left for limit, left in zip(limits, lefts, strict=True) if limit["what"] == "discount"
    ]
    return change(slug, rule, min(budgets, default=None), case, state)


def is_kept_out(slug: str, rule: Shop, state: Shop) -> bool:
    return any(
        slug in other["rule"]["stack"]["not_with"] or other["slug"] in rule["stack"]["not_with"]
        for other in state["applied"].values()
    )


def change(slug: str, rule: Shop, most: int | None, case: Case, state: Shop) -> Shop | None:
    effect = next((one for one in rule["effects"] if one["type"] in PRICE_EFFECTS), None)
    picks = pick(rule.get("target", {}), effect, case, state)
    if not any(count for _, counts in picks for count in counts.values()):
        return None
    touched = sorted({at for _, counts in picks for at, count in counts.items() if count})
    found: Shop = {"slug": slug, "rule": rule, "lines": [state["lines"][at] for at in touched],
                   "at": touched, "amounts": [0] * len(touched)}  # fmt: skip
    if effect is None:
        return found
    amounts, total = price(effect, picks, touched, state)
    if most is not None and total > most:
        is_bound = bound_by(effect, total, touched, picks, state, most)
        if is_bound and any(
            limit["what"] == "discount" and limit["on_exceed"] == "reject"
            for limit in rule["limits"]
        ):
            return None
        amounts, _ = price(effect, picks, touched, state, most)
    found["amounts"] = amounts
    return found if sum(amounts) else None


def bound_by(
    effect: Shop, total: int, touched: list[int], picks: Any, state: Shop, most: int
) -> bool:
    """Whether the budget, and not the cap or the floor, is what holds the discount back."""
    counts = counted(picks)
    rooms = [room(state["lines"][at], counts[at]) for at in touched]
    if exact_kind(effect):
        rooms = [min(pair) for pair in zip(rooms, wanted(effect, picks, touched, state),
                                           strict=True)]  # fmt: skip
    cap = effect.get("cap", 0) or total
    return min(cap, total) > most and sum(rooms) >= most


def exact_kind(effect: Shop) -> bool:
    return (
        effect["type"] in ("set_price", "free_units")
        or effect.get("per") == "unit"
        or effect.get("spread") == "each_line"
    )


def counted(picks: Any) -> dict[int, int]:
    counts: dict[int, int] = {}
    for times, one in picks:
        for at, count in one.items():
            counts[at] = counts.get(at, 0) + count * times
    return counts


def part(amount: int, count: int, units: int) -> int:
    return half_up(Fraction(amount * count, units))


def room(line: Shop, count: int) -> int:
    above = line["left"] - line["floor"]
    return max(0, min(above, part(line["left"], count, line["units"])))


def milli(line: Shop, count: int) -> int:
    quantity = line["line"].quantity_milli
    return int(quantity if count == line["units"] else count * 1000)


def wanted(effect: Shop, picks: Any, touched: list[int], state: Shop) -> list[int]:
    """What effects that speak of each line ask of it."""
    counts = counted(picks)
    found = []
    for at in touched:
        line, count = state["lines"][at], counts[at]
        left = part(line["left"], count, line["units"])
        if effect["type"] == "free_units":
            found.append(left)
        elif effect["type"] == "set_price":
            found.append(
                max(0, left - half_up(Fraction(effect["value"] * milli(line, count), 1000)))
            )
        elif effect["type"] == "amount_off":
            found.append(half_up(Fraction(effect["value"] * milli(line, count), 1000)))
        else:
            source = line["initial"] if effect.get("base") == "initial" else line["left"]
            share = Fraction(effect["value"]) / 100
            found.append(half_up(part(source, count, line["units"]) * share))
    return found


def price(
    effect: Shop, picks: Any, touched: list[int], state: Shop, most: int | None = None
) -> tuple[list[int], int]:
    counts = counted(picks)
    lines = [state["lines"][at] for at in touched]
    rooms = [room(line, counts[at]) for at, line in zip(touched, lines, strict=True)]
    lefts = [part(one["left"], counts[at], one["units"]) for at, one in
             zip(touched, lines, strict=True)]  # fmt: skip
    if exact_kind(effect):
        weights = wanted(effect, picks, touched, state)
        total = sum(weights)
        weights = rooms = [min(pair) for pair in zip(weights, rooms, strict=True)]
    elif effect["type"] == "percent_off":
        source = "initial" if effect.get("base") == "initial" else "left"
        weights = [part(one[source], counts[at], one["units"]) for at, one in
                   zip(touched, lines, strict=True)]  # fmt: skip
        total = half_up(sum(weights) * Fraction(effect["value"]) / 100)
    elif effect["type"] == "amount_off":
        times = sum(times for times, _ in picks) if effect.get("per") == "set" else 1
        weights, total = lefts, effect["value"] * times
    else:
        total = 0
        by_line = dict.fromkeys(touched, 0)
        for times, one in picks:
            parts = {
                at: part(state["lines"][at]["left"], count * times, state["lines"][at]["units"])
                for at, count in one.items()
            }
            saved = sum(parts.values()) - effect["value"] * times
            if saved > 0:
                total += saved
                for at, amount in parts.items():
                    by_line[at] += amount
        weights = [by_line[at] for at in touched]
    given = min([total, sum(rooms), *([effect["cap"]] if effect.get("cap") else []),
                 *([most] if most is not None else [])])  # fmt: skip
    return fill(given, weights, rooms), total


def pick(target: Shop, effect: Shop | None, case: Case, state: Shop) -> Any:
    """[(times, {line: units}), …]: the same set found again and again is said once."""
    lines = state["lines"]
    may = [
        at
        for at, line in enumerate(lines)
        if line in open_lines(state) and true_of_line(target.get("where", {}), line)
    ]
    if target.get("sets"):
        return pick_sets(target, [at for at in may if lines[at]["left"] > 0], state)
    how, n, most = target.get("pick", "all"), target.get("n", 0), target.get("max_units", 0)
    if how == "all" and not most:
        return [(1, {at: lines[at]["units"] for at in may})]
    may = [at for at in may if lines[at]["left"] > 0]
    units = [at for at in may for _ in range(lines[at]["units"])]
    each = [Fraction(lines[at]["left"], lines[at]["units"]) for at in range(len(lines))]
    sign = 1 if how == "cheapest" else -1
    units.sort(key=lambda at: (sign * each[at], at))
    groups = len(units) // n if n else 1
    groups = min(groups, target.get("repeat") or groups)
    per_group = 1
    if effect and effect["type"] == "free_units":
        per_group = effect.get("value") or 1
    if how == "every_nth":
        chosen = units[n - 1 :: n][:groups]
        chosen = chosen[:most] if most else chosen
    elif how == "all" or not n:
        chosen = units[: most or per_group]
    else:
        chosen = units[: min(groups * per_group, most or groups * per_group)]
    if not units or not groups:
        return []
    return [(1, {at: chosen.count(at) for at in chosen})]


def pick_sets(target: Shop, may: list[int], state: Shop) -> Any:
    lines = state["lines"]
    each = [Fraction(line["left"], line["units"]) for line in lines]
    bought = any(one.get("side") == "buy" for one in target["sets"])
    matching = [
        [at for at in may if true_of_line(one.get("where", {}), lines[at])]
        for one in target["sets"]
    ]
    free = {
        at
        for one, found in zip(target["sets"], matching, strict=True)
        if bought and one.get("side") != "buy"
        for at in found
    }
    plan = []
    for number, (one, found) in enumerate(zip(target["sets"], matching, strict=True)):
        is_free = bought and one.get("side") != "buy"
        sign = 1 if is_free else -1
        found = sorted(found, key=lambda at: (sign * each[at], at))
        if one.get("side") == "buy":
            found = [at for at in found if at not in free] + [at for at in found if at in free]
        plan.append((is_free, len(found), number, found))
    pool = {at: lines[at]["units"] for at in may}
    sets: list[dict[int, int]] = []
    used_sets: list[dict[int, int]] = []
    while len(sets) < (target.get("repeat") or 10**9):
        used: dict[int, int] = {}
        got: dict[int, int] = {}
        for _, _, number, order in sorted(plan):
            one = target["sets"][number]
            for _ in range(one.get("qty", 1)):
                at = next((at for at in order if pool[at] > used.get(at, 0)), None)
                if at is None:
                    return together(sets, used_sets)
                used[at] = used.get(at, 0) + 1
                if one.get("side") != "buy":
                    got[at] = got.get(at, 0) + 1
        for at, count in used.items():
            pool[at] -= count
        sets.append(got)
        used_sets.append(used)
    return together(sets, used_sets)


def together(sets: list[dict[int, int]], used: list[dict[int, int]]) -> Any:
    found: list[Any] = []
    for at, one in enumerate(sets):
        if found and used[at] == used[at - 1] and one == sets[at - 1]:
            found[-1] = (found[-1][0] + 1, one)
        else:
            found.append((1, one))
    return found


def true_of_line(where: Shop, line: Shop) -> bool:
    if not where:
        return True
    if "any" in where:
        return any(true_of_line(one, line) for one in where["any"])
    if "not" in where:
        return not true_of_line(where["not"], line)
    asked = line["line"]
    name = where["field"].removeprefix("line.")
    values = {
        "unit_price": asked.unit_price * 100,
        "amount": line["left"],
        "is_discounted": line["left"] < asked.base_minor,
        "quantity": Fraction(asked.quantity_milli, 1000),
        "attr.sale": asked.attrs.get("sale"),
    }
    value = values[name] if name in values else (getattr(asked, name).lower() or None)
    return compare(value, where)


def compare(value: Any, where: Shop) -> bool:
    wants = where.get("value")
    if isinstance(wants, str) and isinstance(value, Fraction):
        wants = Fraction(wants)
    wants = wants.lower() if isinstance(wants, str) else wants
    op = where["op"]
    if op == "not_set":
        return value is None
    if op == "ne":
        return bool(value != wants)
    if value is None:
        return False
    if op == "in":
        return value in [one.lower() for one in wants]
    tests = {"eq": value == wants, "gte": op == "gte" and value >= wants,
             "lt": op == "lt" and value < wants, "gt": op == "gt" and value > wants}  # fmt: skip
    return bool(tests[op])


def true_of_cart(node: Shop, case: Case, state: Shop) -> bool:
    if "all" in node:
        return all(true_of_cart(one, case, state) for one in node["all"])
    if "any" in node:
        return any(true_of_cart(one, case, state) for one in node["any"])
    if "not" in node:
        return not true_of_cart(node["not"], case, state)
    if "segment" in node:
        return case.member is not None and node["segment"] in case.member.segments
    if "lines" in node:
        return true_of_lines(node["lines"], state)
    lines = state["lines"]
    values: Shop = {
        "cart.amount": sum(one["left"] for one in lines),
        "cart.initial_amount": sum(one["initial"] for one in lines),
        "cart.quantity": Fraction(sum(one["line"].quantity_milli for one in lines), 1000),
        "member.tier": (case.member.tier or None) if case.member else None,
        "context.weekday": case.cart.occurred_at.isoweekday(),
    }
    return compare(values[node["field"]], node)


def true_of_lines(node: Shop, state: Shop) -> bool:
    found = [line for line in state["lines"] if true_of_line(node.get("where", {}), line)]
    how = node["quantifier"]
    if how in ("any", "none", "every"):
        wanted = {"any": bool(found), "none": not found, "every": len(found) == len(state["lines"])}
        return wanted[how]
    value: Any = len(found)
    if how == "distinct":
        value = len({line["line"].sku for line in found})
    elif how == "sum":
        value = Fraction(sum(line["line"].quantity_milli for line in found), 1000)
        if node.get("of") == "amount":
            value = sum(line["left"] for line in found)
    return compare(value, {"op": node.get("op", "gte"), "value": node["value"]})


def settle(case: Case, state: Shop) -> None:
    """Rounding, points, gift cards, earning."""
    lines, cart = state["lines"], case.cart
    step = case.programme["pricing"]["round_step_minor"]
    rooms = [max(0, one["left"] - one["floor"]) for one in lines]
    above = (sum(one["left"] for one in lines) + cart.delivery_minor) % step if step > 1 else 0
    if above <= sum(rooms):
        for one, amount in zip(lines, fill(above, [one["left"] for one in lines], rooms),
                               strict=True):  # fmt: skip
            one["left"] -= amount
    state["burn"] = burn(case, state, cart, case.member)
    delivery = cart.delivery_minor
    for ask in cart.gift_cards:
        held = next(one.available_minor for one in case.gift_cards if one.code == ask.code)
        most = min(held, ask.amount_minor if ask.amount_minor is not None else held)
        rooms = [max(0, one["left"] - one["floor"]) for one in lines]
        goods = min(most, sum(rooms))
        spread = fill(goods, [one["left"] for one in lines], rooms)
        for one, amount in zip(lines, spread, strict=True):
            one["left"] -= amount
        delivery -= min(delivery, most - goods)
    state["to_pay"] = [one["left"] for one in lines]
    state["delivery"] = delivery
    state["earned"] = earned(case, state) if case.member else 0


def burn(case: Case, state: Shop, cart: Cart, member: Member | None) -> tuple[int, int]:
    """(points, minor units): the most that every bound allows, and never a useless hundredth."""
    if member is None:
        return 0, 0
    lines, rules = state["lines"], case.programme["burning"]
    worth = Fraction(case.programme["currencies"][0]["minor_per_point"], 100)
    rooms = []
    for one in lines:
        shut = rules.get("excluded") and true_of_line(rules["excluded"], one)
        can = one["line"].burns and not shut
        rooms.append(max(0, one["left"] - one["floor"]) if can else 0)
    goods = sum(one["left"] for one in lines)
    bound = min(
        floor(member.balances["points"].available * worth),
        floor(goods * Fraction(rules["share"]) / 100),
        sum(rooms),
    )
    # The most points whose worth is within the bound, counted down to a step.
    points = -floor(-bound / worth)
    while floor(points * worth) > bound:
        points -= 1
    points -= points % rules["step"]
    if points < rules["least"]:
        points = 0
    points = tidy(points, worth, rules["step"])
    asked = cart.points.points
    if asked is not None:
        if 0 < asked < rules["least"]:
            return 0, 0
        points = min(asked, points)
        points -= points % rules["step"]
        points = tidy(points, worth, rules["step"])
    amount = floor(points * worth)
    weights = [one["left"] if space else 0 for one, space in zip(lines, rooms, strict=True)]
    for one, paid in zip(lines, fill(amount, weights, rooms), strict=True):
        one["left"] -= paid
    return points if amount else 0, amount


def tidy(points: int, worth: Fraction, step: int) -> int:
    """The fewest whole steps that pay the same."""
    amount = floor(points * worth)
    fewest = -floor(-amount / worth)
    return -(-fewest // step) * step if amount else 0


def earned(case: Case, state: Shop) -> int:
    rules, total = case.programme, 0
    if state["burn"][1] and not rules["burning"]["earns_beside"]:
        return 0
    step = rules["currencies"][0]["earn_step"]
    taken: list[int] = []
    for rule in rules["earning"]:
        mine = [
            at
            for at, one in enumerate(state["lines"])
            if true_of_line(rule.get("where", {}), one) and (rule["adds"] or at not in taken)
        ]
        if not rule["adds"]:
            taken += mine
        total += by_rule(rule, mine, case, state, step)
    for found in state["applied"].values():
        for effect in found["rule"]["effects"]:
            if effect["type"] == "earn":
                points = effect["value"]
                if effect["per_minor"]:
                    points = paid(state, found["at"]) // effect["per_minor"] * effect["value"]
                points = within(found["rule"], points, case)
                total += points - points % step
    return total


def within(rule: Shop, points: int, case: Case) -> int:
    for limit in rule.get("limits", []):
        left = limit["value"] - int(limit["value"] * case.usage_share)
        if limit["what"] == "points" and points > left:
            points = 0 if limit["on_exceed"] == "reject" else left
    return points


def paid(state: Shop, at_lines: list[int]) -> int:
    return sum(state["lines"][at]["left"] for at in at_lines if state["lines"][at]["line"].earns)


def by_rule(rule: Shop, mine: list[int], case: Case, state: Shop, step: int) -> int:
    money = paid(state, mine)
    if not money:
        return 0
    if "share" in rule:
        worth = case.programme["currencies"][0]["minor_per_point"]
        whole = floor(Fraction(rule["share"]) / 100 * money / worth * 100)
    else:
        whole = money // rule["per_minor"] * rule["points"]
    amounts = [state["lines"][at]["left"] if state["lines"][at]["line"].earns else 0 for at in mine]
    assert case.member is not None
    common = Fraction(1)
    for tier in case.programme["tiers"]["tiers"]:
        if tier["slug"] == case.member.tier:
            common *= Fraction(tier.get("earn", "1"))
    for one in rule.get("multipliers", []):
        if case.member.tier in one["tiers"]:
            common *= Fraction(one["factor"])
    sums: dict[tuple[str, ...], int] = {}
    for at, points in zip(mine, largest_remainder(whole, amounts), strict=True):
        factors = sorted(
            effect["value"]
            for found in state["applied"].values()
            for effect in found["rule"]["effects"]
            if effect["type"] == "earn_multiplier" and at in found["at"]
        )
        sums[tuple(factors)] = sums.get(tuple(factors), 0) + points
    total = 0
    for factors, points in sums.items():
        times = common
        for factor in factors:
            times *= Fraction(factor)
        total += floor(points * times)
    return total - total % step

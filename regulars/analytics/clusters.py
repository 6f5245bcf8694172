"""Groups of buyers alike by their habits, what sets each apart, and the nearest plain rule.

k-means (Lloyd 1982) on standardised features; the number of groups is the one of K_MIN … K_MAX
with the highest mean silhouette (Rousseeuw 1987) on a sample. The same rows give the same groups:
the seed is fixed, samples are evenly spaced and one thread counts.
The rule is a decision tree of DEPTH_MAX questions (CART) that tells one group from all others;
how far it agrees is counted on every buyer, with the borders as they are written in the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from regulars.analytics.statements import Scope, Statement

BUYERS_MIN = 200
K_MIN, K_MAX = 4, 8
SEED = 4
STARTS = 5
FIT_ROWS_MAX = 20_000
SILHOUETTE_ROWS_MAX = 2_000
SMALLEST_SHARE = 0.01
CATEGORIES_MAX = 6
CATEGORY_SHARE_MIN = 0.02
DEPTH_MAX = 4
LEAF_ROWS_MIN = 20
# A deeper tree has to agree so much better for each path it adds.
GAIN_PER_PATH_MIN = 0.01
# Outliers stand at this many deviations, or one wholesaler would be a group.
DEVIATIONS_MAX = 3.0
ROUNDING = 1e-9
# A feature tells something of a group whose mean is so many deviations from everybody's.
TELLING_DEVIATIONS = 0.5
TELLING_CATEGORY_SHARE = 0.5
TRAITS_MAX = 3

RECENCY, ORDERS, MONEY, GAP, RETURNS = (
    "recency_days", "orders", "money_minor", "gap_days", "returns_share",
)  # fmt: skip
BASKET = "basket_minor"
NUMBERS = (RECENCY, ORDERS, MONEY, GAP, RETURNS)
SKEWED = (RECENCY, ORDERS, MONEY, GAP)
# Steps in which a feature is kept: borders between two values are written on such a step.
PLAIN_DIGITS = 10
STEP_OF = {RECENCY: 1.0, ORDERS: 1.0, MONEY: 1.0, GAP: 0.01, RETURNS: 0.0001}

FEATURES_SQL = """
SELECT
  customer,
  DATE_DIFF('day', last_on, CAST($last_day AS DATE)) AS recency_days,
  orders,
  money_minor,
  gap_days,
  COALESCE(returns_share, 0) AS returns_share,
  top_category,
  cluster
FROM scores
WHERE orders > 0
ORDER BY customer
"""

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Buyers:
    """One row a buyer: NUMBERS by name, the favourite category, the cluster of the last run."""

    numbers: Mapping[str, Array]
    categories: Sequence[str | None]
    former: Sequence[str | None]

    @property
    def rows(self) -> int:
        """How many buyers."""
        return len(self.categories)


@dataclass(frozen=True, slots=True)
class Bound:
    """Part of a path: low ≤ feature ≤ high; of a category: is it (1) or is it not (0)."""

    feature: str
    low: float | None = None
    high: float | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One cluster.

    members  whether each buyer belongs to it
    traits   (feature, high | low), the most telling first
    paths    the rule: whoever passes every bound of one path
    covered  part of the members whom the rule holds
    exact    part of the rule's buyers who are members
    """

    slug: str
    members: npt.NDArray[np.bool_]
    traits: tuple[tuple[str, str], ...]
    category: str | None
    middle: Mapping[str, float]
    paths: tuple[tuple[Bound, ...], ...]
    covered: float
    exact: float


def features_statement(scope: Scope) -> Statement:
    """One row per buyer of the stored scores, all that clusters are found from."""
    return Statement(FEATURES_SQL, {"last_day": scope.last_day()})


def buyers_of(columns: Mapping[str, Sequence[Any]]) -> Buyers:
    """The buyers from the columns that `features_statement` gives."""
    numbers = {name: np.asarray(columns[name], dtype=np.float64) for name in NUMBERS}
    return Buyers(numbers, list(columns["top_category"]), list(columns["cluster"]))


def groups_of(buyers: Buyers) -> tuple[Group, ...]:
    """The clusters, each with what sets it apart; none below BUYERS_MIN buyers."""
    if buyers.rows < BUYERS_MIN:
        return ()
    named = _categories(buyers.categories)
    space = _space(buyers, named)
    labels = _labels(space)
    slugs = slugs_of(buyers.former, labels)
    raw = _raw(buyers, named)
    return tuple(
        _group(buyers, named, space, raw, labels == number, slug)
        for number, slug in enumerate(slugs)
    )


def slugs_of(former: Sequence[str | None], labels: Labels) -> list[str]:
    """A name for each new group: that of the former one it shares most buyers with, else new."""
    found = sorted({slug for slug in former if slug})
    count = int(labels.max()) + 1
    shared = np.zeros((count, max(len(found), 1)))
    place = {slug: number for number, slug in enumerate(found)}
    for label, slug in zip(labels, former, strict=True):
        if slug:
            shared[label, place[slug]] += 1
    kept = {
        int(row): found[column]
        for row, column in zip(*linear_sum_assignment(-shared), strict=True)
        if found and shared[row, column] > 0
    }
    fresh = (f"c{n}" for n in range(1, count + len(found) + 1) if f"c{n}" not in kept.values())
    return [kept.get(number) or next(fresh) for number in range(count)]


def holds(paths: Sequence[Sequence[Bound]], buyers: Buyers) -> npt.NDArray[np.bool_]:
    """Whether each buyer passes the rule."""
    found = np.zeros(buyers.rows, dtype=bool)
    for path in paths:
        passes = np.ones(buyers.rows, dtype=bool)
        for bound in path:
            passes &= _passes(bound, buyers)
        found |= passes
    return found


def _passes(bound: Bound, buyers: Buyers) -> npt.NDArray[np.bool_]:
    if bound.category is not None:
        is_it = np.array([one == bound.category for one in buyers.categories], dtype=bool)
        return is_it if bound.low else ~is_it
    values = buyers.numbers[bound.feature]
    passes = np.ones(len(values), dtype=bool)
    if bound.low is not None:
        passes &= values >= bound.low
    if bound.high is not None:
        passes &= values <= bound.high
    return passes


def _categories(given: Sequence[str | None]) -> list[str]:
    """The commonest favourites, by name among equals."""
    counts: dict[str, int] = {}
    for one in given:
        if one:
            counts[one] = counts.get(one, 0) + 1
    common = [one for one, n in counts.items() if n >= CATEGORY_SHARE_MIN * len(given)]
    return sorted(common, key=lambda one: (-counts[one], one))[:CATEGORIES_MAX]


def _space(buyers: Buyers, named: Sequence[str]) -> Array:
    columns = [_standard(_unskewed(name, buyers.numbers[name])) for name in NUMBERS]
    columns += [np.array([float(one == name) for one in buyers.categories]) for name in named]
    return np.column_stack(columns)


def _raw(buyers: Buyers, named: Sequence[str]) -> Array:
    """What rules may ask: the features as they are."""
    columns = [buyers.numbers[name] for name in NUMBERS]
    columns += [np.array([float(one == name) for one in buyers.categories]) for name in named]
    return np.column_stack(columns)


def _unskewed(name: str, values: Array) -> Array:
    unskewed: Array = np.log1p(np.maximum(values, 0)) if name in SKEWED else values
    return unskewed


def _standard(values: Array) -> Array:
    spread = float(values.std())
    # Equal values may differ by their rounding; that is no spread.
    if spread <= ROUNDING * max(1.0, float(np.abs(values).max(initial=0.0))):
        return np.zeros_like(values)
    standard: Array = np.clip((values - values.mean()) / spread, -DEVIATIONS_MAX, DEVIATIONS_MAX)
    return standard


def _spaced(rows: int, most: int) -> npt.NDArray[np.int64]:
    """Evenly spaced row numbers, at most so many."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))


def _labels(space: Array) -> Labels:
    # Loaded here: half a second and eighty megabytes that only the worker ever needs.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        model = _best_model(space)
        if model is None:
            return np.zeros(len(space), dtype=np.int64)
        labels: Labels = model.predict(space).astype(np.int64)
    # Groups are numbered by size, so that empty numbers cannot occur and order means something.
    order = np.argsort(-np.bincount(labels), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[labels]


def _best_model(space: Array) -> Any:
    """The fitted groups with the highest silhouette; None when all buyers are alike."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    fitted = space[_spaced(len(space), FIT_ROWS_MAX)]
    judged = space[_spaced(len(space), SILHOUETTE_ROWS_MAX)]
    if len(np.unique(fitted, axis=0)) < K_MAX:
        return None
    best: tuple[float, Any] | None = None
    for k in range(K_MIN, K_MAX + 1):
        model = KMeans(k, n_init=STARTS, random_state=SEED).fit(fitted)
        shares = np.bincount(model.labels_, minlength=k) / len(fitted)
        parts = model.predict(judged)
        if len(set(parts)) < 2 or (shares.min() < SMALLEST_SHARE and best is not None):
            continue
        score = float(silhouette_score(judged, parts))
        if best is None or score > best[0]:
            best = (score, model)
    return None if best is None else best[1]


def _group(
    buyers: Buyers,
    named: Sequence[str],
    space: Array,
    raw: Array,
    members: npt.NDArray[np.bool_],
    slug: str,
) -> Group:
    paths = _rule(buyers, named, raw, members)
    held = holds(paths, buyers)
    both = float((held & members).sum())
    return Group(
        slug=slug,
        members=members,
        traits=_traits(buyers, space, members),
        category=_category(buyers, members),
        middle={name: float(np.median(buyers.numbers[name][members])) for name in NUMBERS},
        paths=paths,
        covered=both / max(1.0, float(members.sum())),
        exact=both / max(1.0, float(held.sum())),
    )


def _traits(
    buyers: Buyers, space: Array, members: npt.NDArray[np.bool_]
) -> tuple[tuple[str, str], ...]:
    """What is high or low in the group; a basket is told instead of the money it explains."""
    means = {name: float(space[members, place].mean()) for place, name in enumerate(NUMBERS)}
    basket = buyers.numbers[MONEY] / np.maximum(buyers.numbers[ORDERS], 1)
    means[BASKET] = float(_standard(np.log1p(basket))[members].mean())
    told = [name for name in means if abs(means[name]) >= TELLING_DEVIATIONS]
    told.sort(key=lambda name: (-abs(means[name]), name))
    if BASKET in told and MONEY in told:
        told.remove(MONEY if ORDERS in told else BASKET)
    return tuple((name, "high" if means[name] > 0 else "low") for name in told[:TRAITS_MAX])


def _category(buyers: Buyers, members: npt.NDArray[np.bool_]) -> str | None:
    """The favourite of more than half of the group, when it is not everybody's as well."""
    mine = [one for one, is_in in zip(buyers.categories, members, strict=True) if is_in and one]
    if not mine:
        return None
    best = max(sorted(set(mine)), key=mine.count)
    share = mine.count(best) / float(members.sum())
    everybody = sum(one == best for one in buyers.categories) / buyers.rows
    return best if share >= TELLING_CATEGORY_SHARE and share >= 1.25 * everybody else None


def _rule(
    buyers: Buyers, named: Sequence[str], raw: Array, members: npt.NDArray[np.bool_]
) -> tuple[tuple[Bound, ...], ...]:
    """The paths of the tree that agrees best with the group."""
    from sklearn.tree import DecisionTreeClassifier

    rows = _spaced(len(raw), FIT_ROWS_MAX)
    best: tuple[float, tuple[tuple[Bound, ...], ...]] = (-1.0, ())
    for depth in range(2, DEPTH_MAX + 1):
        for weight in (None, "balanced"):
            tree = DecisionTreeClassifier(
                max_depth=depth, min_samples_leaf=LEAF_ROWS_MIN, class_weight=weight,
                random_state=SEED,
            ).fit(raw[rows], members[rows])  # fmt: skip
            paths = _paths(tree, named)
            held = holds(paths, buyers)
            total = float(held.sum() + members.sum())
            agreement = 2 * float((held & members).sum()) / total if total else 0.0
            worth = agreement - GAIN_PER_PATH_MIN * len(paths)
            if paths and worth > best[0]:
                best = (worth, paths)
    return best[1]


def _paths(tree: DecisionTreeClassifier, named: Sequence[str]) -> tuple[tuple[Bound, ...], ...]:
    """The ways to nodes below which members are the greater part everywhere."""
    if True not in tree.classes_ or len(tree.classes_) < 2:
        return ()
    inner = tree.tree_
    found: list[tuple[Bound, ...]] = []

    def children(node: int) -> tuple[int, ...]:
        left, right = int(inner.children_left[node]), int(inner.children_right[node])
        return () if left == right else (left, right)

    def is_members(node: int) -> bool:
        below = children(node)
        if below:
            return all(map(is_members, below))
        return bool(inner.value[node][0][1] > inner.value[node][0][0])

    def walk(node: int, low: dict[int, float], high: dict[int, float]) -> None:
        if is_members(node):
            found.append(_bounds(low, high, named))
            return
        below = children(node)
        if not below:
            return
        feature, border = int(inner.feature[node]), float(inner.threshold[node])
        walk(below[0], low, {**high, feature: min(border, high.get(feature, border))})
        walk(below[1], {**low, feature: max(border, low.get(feature, border))}, high)

    walk(0, {}, {})
    return tuple(found)


def _bounds(
    low: Mapping[int, float], high: Mapping[int, float], named: Sequence[str]
) -> tuple[Bound, ...]:
    bounds = []
    for place in sorted({*low, *high}):
        if place >= len(NUMBERS):
            category = named[place - len(NUMBERS)]
            bounds.append(Bound("", low=float(place in low), category=category))
            continue
        name = NUMBERS[place]
        bounds.append(Bound(name, _above(name, low.get(place)), _upto(name, high.get(place))))
    return tuple(bounds)


def _upto(name: str, border: float | None) -> float | None:
    """The last step at or below the border."""
    if border is None:
        return None
    step = STEP_OF[name]
    return round(floor(_plain(name, border) / step + 1e-9) * step, 4)


def _plain(name: str, border: float) -> float:
    """The border as people would write it: money in two digits, gaps in whole days."""
    if name == MONEY and border >= PLAIN_DIGITS:
        unit = 10.0 ** (len(str(int(border))) - 2)
        return round(border / unit) * unit
    return float(round(border)) if name == GAP and border >= PLAIN_DIGITS else border


def _above(name: str, border: float | None) -> float | None:
    """The first step above the border."""
    last = _upto(name, border)
    return None if last is None else round(last + STEP_OF[name], 4)

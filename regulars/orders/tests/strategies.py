"""Random news about orders."""

from __future__ import annotations

from hypothesis import strategies as st

from regulars.orders.records import Stage

stages = st.sampled_from(list(Stage))
news = st.lists(stages, max_size=8)


@st.composite
def shuffled_with_repeats(draw: st.DrawFn) -> tuple[list[Stage], list[Stage]]:
    """Some news in two orders, with repeats of their own."""
    told = draw(st.lists(stages, min_size=1, max_size=8, unique=True))
    one = draw(st.permutations(told + draw(st.lists(st.sampled_from(told), max_size=5))))
    other = draw(st.permutations(told + draw(st.lists(st.sampled_from(told), max_size=5))))
    return list(one), list(other)

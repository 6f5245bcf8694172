"""Metrics and readings: pure functions over relations and arrays that know only columns."""

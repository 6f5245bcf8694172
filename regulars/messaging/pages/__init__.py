"""Screens of messaging."""

"""Screens of the orders desk."""

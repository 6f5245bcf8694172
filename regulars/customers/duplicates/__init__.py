"""The search for customers who may be one person."""

"""The rule language: which customers a sentence about them is true for."""

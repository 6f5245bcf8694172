"""Keeping members: what happened and what the clock did becomes entries and exits.

following  the step of the worker: reads what changed, asks about those customers, looks who is due
filling    the job that computes whole segments in one pass over the lake
"""

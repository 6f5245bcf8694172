"""Copies of what happened, as Parquet files, and the questions asked of them. No Django here."""

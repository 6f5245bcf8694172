"""Apache Spark over the same lake files: the engine for more than one machine holds.

Needs the extra `regulars[spark]`; nothing here is imported by a product without it.
"""

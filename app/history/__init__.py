"""Time as a value: what was asked and when, branches, any moment again; and what of it survives the process.

Whoever has a session needs ``timeline``; ``Store`` keeps sessions on disk, with the records of ``kept`` and the errors
of ``store_errors``.
"""

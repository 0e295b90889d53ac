"""What is kept of sessions, and survives the process: journals, branches, keyframes and linked moments.

``Store`` is all that other rooms need, with the records of ``kept`` and the errors of ``store_errors``.
"""

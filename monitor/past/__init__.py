"""From what is stored to what `monitor.history` asks: the past of a snapshot, of a series, of a study.

Everything here is given an open store, reads what it needs in one transaction, and computes after it has let go.
"""

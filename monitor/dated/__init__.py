"""Dated series from delimited files: prices, indices, dividends, yields, overlays, events, a vendor's own measures.

A reader gives the rows that can be used, and the reason and the line of each that cannot. Nothing here writes.
"""

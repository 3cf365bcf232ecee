"""What is remembered: snapshots, official points, prices and what stands beside them, in one database.

Importing it costs a fifth of a second: the path of a snapshot that is not saved does without it.
"""

from monitor.history.points import Origin
from monitor.store.engine import FILE, Store
from monitor.store.records import Event, Gap, Import, Point, Price, Reading

__all__ = ["FILE", "Event", "Gap", "Import", "Origin", "Point", "Price", "Reading", "Store"]

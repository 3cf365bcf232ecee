"""The configuration: found by a fixed order, parsed once at the edge, frozen."""

from monitor.config.model import Config, Symbol, ticker
from monitor.config.read import Problem, load, problems
from monitor.config.search import Found, Origin, data_dir, find

__all__ = ["Config", "Found", "Origin", "Problem", "Symbol", "data_dir", "find", "load", "problems", "ticker"]

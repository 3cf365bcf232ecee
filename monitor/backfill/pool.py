"""Work on several cores, results in the order of the tasks, never more tasks under way than memory has room for."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any, TypeVar

__all__ = ["cores", "in_order"]

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 3  # tasks under way for each process: one in work, one waiting, one in the pipe
SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # a process a core is enough

_shared: Any = None  # of a worker: what all its tasks need


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[Any, T], R], shared: object, tasks: Iterable[T], jobs: int) -> Iterator[R]:
    """Apply `work(shared, task)` to every task.

    Parameters
    ----------
    work : callable
        A function of a module, so that another process can import it.
    shared : object
        Sent to each process once.
    tasks : iterable
        Asked for the next one only when there is room for it.
    jobs : int
        Processes; 1 works in this one.

    Yields
    ------
    object
        Results in the order of the tasks. Processes are started afresh (spawn): they inherit no lock, no thread and no
        connection, and they end with their parent, however that ends.
    """
    if jobs == 1:
        for task in tasks:
            yield work(shared, task)
        return
    with _single_threaded(), ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin, (shared,)) as pool:
        under_way: deque[Future[R]] = deque()
        try:
            for task in tasks:
                under_way.append(pool.submit(_do, work, task))
                if len(under_way) >= AHEAD * jobs:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def _begin(shared: object) -> None:
    """Prepare a worker: a parent that is killed cannot tell it to stop."""
    global _shared  # noqa: PLW0603 - the one place where a worker keeps what its tasks share
    _shared = shared
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(work: Callable[[Any, T], R], task: T) -> R:
    return work(_shared, task)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let the processes that are started compute in one thread each, unless their user has decided."""
    added = [name for name in SINGLE_THREADED if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]

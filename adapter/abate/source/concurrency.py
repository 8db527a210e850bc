"""Run several tasks at once, in threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

Done = TypeVar("Done")
Halt = Callable[[], AbstractContextManager[None]]


def at_once(tasks: Sequence[Callable[[], Done]], most: int, halt: Halt = nullcontext) -> list[Done]:
    """Run tasks in parallel; the first failure, or a signal, ends the others.

    Args:
        tasks: the tasks; their results are returned in the same order.
        most: how many run at once.
        halt: entered while the running tasks are ended, so that they end soon.
    """
    if most == 1 or len(tasks) <= 1:
        return [task() for task in tasks]
    with ThreadPoolExecutor(max_workers=most) as pool:
        begun = [pool.submit(task) for task in tasks]
        try:
            wait(begun, return_when=FIRST_EXCEPTION)
            failed = [future for future in begun if future.done() and future.exception()]
            return [future.result() for future in failed or begun]
        except BaseException:
            with halt():
                pool.shutdown(cancel_futures=True)
            raise

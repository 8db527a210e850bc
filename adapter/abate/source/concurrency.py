"""Several tasks under way at once, in threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

Done = TypeVar("Done")
Halt = Callable[[], AbstractContextManager[None]]


def at_once(tasks: Sequence[Callable[[], Done]], most: int, halt: Halt = nullcontext) -> list[Done]:
    """Do the tasks, so many at a time; the first that fails ends the others, as does a signal.

    Args:
        tasks: what they give comes in their order.
        most: so many at a time.
        halt: entered while those under way are waited for, so that they end soon.
    """
    if most == 1 or len(tasks) <= 1:
        return [task() for task in tasks]
    with ThreadPoolExecutor(max_workers=most) as pool:
        begun = [pool.submit(task) for task in tasks]
        try:
            wait(begun, return_when=FIRST_EXCEPTION)
            failed = [one for one in begun if one.done() and one.exception()]
            return [one.result() for one in failed or begun]
        except BaseException:
            with halt():
                pool.shutdown(cancel_futures=True)
            raise

"""Several tasks under way at once, in threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Done = TypeVar("Done")


def at_once(tasks: Sequence[Callable[[], Done]], most: int) -> list[Done]:
    """Do the tasks, so many at a time; the first that fails ends those that have not begun.

    What they give comes in their order.
    """
    if most == 1 or len(tasks) <= 1:
        return [task() for task in tasks]
    with ThreadPoolExecutor(max_workers=most) as pool:
        begun = [pool.submit(task) for task in tasks]
        try:
            return [one.result() for one in begun]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise

"""Refuse a limit of the address space under which libraries that abate needs do not work.

Under `ulimit -v`, OpenBLAS, which SciPy loads, tries forever to allocate its buffers. It holds
Python's lock, so no signal is handled (0.3.30, 2026-11). V8, which draws the charts, reserves 67 GB
of addresses at its start, although it uses little of them, and ends the process if it does not get
them (vl-convert 1.9, 2026-11). So abate checks the limit before it starts to work.
"""

from abate.errors import AbateError

NEEDED = 80 * 10**9


def refuse_limit() -> None:
    """Stop if the address space of this process is limited to less than `NEEDED`.

    Raises:
        AbateError: names the limit, and the setting to use instead.
    """
    limit = _limit()
    if limit is not None and limit < NEEDED:
        raise AbateError(
            f"the address space of this process is limited to {limit / 10**6:.0f} MB (ulimit -v, "
            f"or LimitAS of systemd), and abate needs {NEEDED / 10**9:.0f} GB of addresses, but "
            "little memory: remove the limit. To limit memory, use MemoryMax of systemd, "
            "or a container's limit"
        )


def _limit() -> int | None:
    """Return the limit in bytes; None if there is no limit, or on Windows."""
    try:
        import resource
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft

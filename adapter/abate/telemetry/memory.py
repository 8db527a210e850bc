"""A limit of the address space under which the libraries that abate needs do not work.

Under `ulimit -v` OpenBLAS, which SciPy loads, tries for ever to get its buffers: it holds Python's
lock, so that no signal is heeded (0.3.30, 2026-11). The engine that draws the charts, V8, reserves
67 GB of addresses at its start, of which it uses little, and ends the process where it does not get
them (vl-convert 1.9, 2026-11). So a limit is refused before anything begins.
"""

from abate.errors import AbateError

NEEDED = 80 * 10**9


def refuse_limit() -> None:
    """Stop where the address space of this process is limited to less than what is needed.

    Raises:
        AbateError: names the limit, and what to set in its place.
    """
    limit = _limit()
    if limit is not None and limit < NEEDED:
        raise AbateError(
            f"the address space of this process is limited to {limit / 10**6:.0f} MB (ulimit -v, "
            f"or LimitAS of systemd), and abate needs {NEEDED / 10**9:.0f} GB of addresses, though "
            "little memory: remove the limit. To bound memory, use MemoryMax of systemd, or a "
            "container's limit"
        )


def _limit() -> int | None:
    """The limit in bytes; None where there is none, as on Windows."""
    try:
        import resource
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft

"""`abate run` in processes that fork from one that has loaded the libraries.

A fresh interpreter spends half of a short run on imports, each when its stage begins. The process
that forks imports the modules of all stages of `abate run`, and calls nothing in them: a fork does
the same work as a fresh process.
"""

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from select import select

_SECONDS = 120
# One order at a time: the arguments of a command, the largest size of a file (or null), and a file
# descriptor for stderr. The answers are the id of the fork and, when it has ended, its exit code.
_FORKS = """
import json, os, resource, signal, socket, sys

from abate.analysis import loader, results
from abate.cli import main
from abate.cli.commands import run
from abate.cohort import assemble
from abate.ingest import ingest
from abate.report import files
from abate_analyses import paired, visit_changes
from abate_analyses.durability import analysis as durability
from abate_analyses.pain_course import analysis as pain_course
from abate_analyses.profile import analysis as profile
from abate_analyses.responders import analysis as responders
from abate_analyses.safety import analysis as safety

orders = socket.socket(fileno=int(sys.argv[1]))
while True:
    order, descriptors, _, _ = socket.recv_fds(orders, 65536, 1)
    if not order:
        sys.exit()
    fork = os.fork()
    if fork == 0:
        break
    os.close(descriptors[0])
    orders.sendall(b"%d\\n" % fork)
    orders.sendall(b"%d\\n" % os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]))

orders.close()
os.dup2(os.open(os.devnull, os.O_RDWR), 0)
os.dup2(0, 1)
os.dup2(descriptors[0], 2)
# As a shell starts a command, also where the tests themselves ignore a signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
arguments, largest_file = json.loads(order)
if largest_file:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY))
sys.argv = ["abate", *arguments]
main()
"""


class Fork:
    """A command in a fork, as `subprocess.Popen` shows a process."""

    def __init__(self, answers):
        self._answers = answers
        self.pid = int(answers.readline())
        self.returncode = None

    def wait(self, timeout=_SECONDS):
        """Its exit code; a negative one is the number of the signal that killed it.

        Raises:
            subprocess.TimeoutExpired: it still runs after so many seconds.
        """
        if self.returncode is None:
            if not select([self._answers], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("abate", timeout)
            self.returncode = int(self._answers.readline())
        return self.returncode

    def send_signal(self, number):
        """Signal it, if it has not ended meanwhile."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


@contextmanager
def forking():
    """Give a function that starts a command: its arguments, a descriptor for stderr.

    One runs at a time. With `largest_file`, it runs on a disk on which no file has more bytes.
    """
    ours, theirs = socket.socketpair()
    # No fork is measured: coverage would wait for its lines, and find the disk full.
    plain = {name: one for name, one in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-c", _FORKS, str(theirs.fileno())]
    with ours, subprocess.Popen(command, env=plain, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        answers = ours.makefile("rb", buffering=0)

        def start(*arguments, stderr, largest_file=None):
            order = json.dumps([[str(one) for one in arguments], largest_file]).encode()
            socket.send_fds(ours, [order], [stderr])
            return Fork(answers)

        with answers:
            yield start
        ours.close()
        process.wait(_SECONDS)

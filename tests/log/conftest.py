"""A clock that is set by hand, and somebody who writes down what is said."""

import pytest


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds


class Listener:
    """A `Say` that remembers each event with its text and its fields."""

    def __init__(self):
        self.heard = []

    def __call__(self, text, /, *, event="note", level=None, **fields):
        self.heard.append((text, event, level, fields))

    @property
    def texts(self):
        return [text for text, *_ in self.heard]

    def fields(self, event):
        return [fields for _, name, _, fields in self.heard if name == event]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def listener():
    return Listener()

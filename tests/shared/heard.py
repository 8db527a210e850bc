"""What a log tells people, for tests that listen."""

from abate.telemetry import log


def sentences(listen):
    """A handler of a log that passes on the sentences, without those that come often."""

    def handle(line):
        text = log.sentence(line)
        if text and line["event"] not in log.PROGRESS:
            listen(text)

    return handle


def listening(listen):
    """A log of which the sentences are passed on."""
    return log.logger(sentences(listen))

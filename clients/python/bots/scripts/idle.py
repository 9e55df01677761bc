"""A bot that is there and does nothing: to see what presence alone costs."""

from roomwire import Bot


class Idle(Bot):
    """Enters and listens."""

    hz = 0.0

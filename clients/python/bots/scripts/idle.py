"""A bot that enters and does nothing: it shows what an idle player costs."""

from roomwire import Bot


class Idle(Bot):
    """Enters and listens."""

    hz = 0.0

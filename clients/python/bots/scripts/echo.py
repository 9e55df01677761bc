"""A bot that sends every message back to its sender, byte for byte."""

from roomwire import Bot, Event, Message


class Echo(Bot):
    """Answers messages of others. It answers neither its own nor history."""

    hz = 0.0

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Message) and event.sender not in (0, self.room.me):
            await self.room.send_bytes(event.payload, to=event.sender)

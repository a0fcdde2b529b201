"""What waits for a WebSocket peer that does not read."""

from collections import deque

MAX_MESSAGES = 64


class Backlog:
    """Frames that the transport should not take yet, bounded: states replace each other, since each of them tells the whole
    truth, and so do pongs; at most MAX_MESSAGES others wait in order."""

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque()
        self._state: bytes | None = None
        self.pong: bytes | None = None
        self.farewell: bytes | None = None  # the close frame, after which nothing goes out

    def hold(self, frame: bytes, state: bool) -> bool:
        """Keeps a message; False if there is no room for it."""
        if state:
            self._state = frame
        elif len(self._messages) < MAX_MESSAGES:
            self._messages.append(frame)
        else:
            return False
        return True

    def take(self) -> bytes | None:
        """The next frame to send: messages, then the newest state, then what the protocol itself has to say."""
        if self._messages:
            return self._messages.popleft()
        if self._state is not None:
            state, self._state = self._state, None
            return state
        if self.pong is not None:
            pong, self.pong = self.pong, None
            return pong
        farewell, self.farewell = self.farewell, None
        return farewell

"""WebSocket frames (RFC 6455) as the server reads and writes them: bytes in, messages out, no I/O.

No extension is ever agreed on, so the reserved bits have no meaning here, and every frame of a client is masked.
"""

from collections.abc import Callable

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

NORMAL, GOING_AWAY, PROTOCOL_ERROR = 1000, 1001, 1002
NO_STATUS, NOT_UTF8, POLICY, TOO_BIG, INTERNAL = 1005, 1007, 1008, 1009, 1011

# A client that sends a byte per frame costs as much as one that floods: nobody needs so many pieces for one message.
MAX_FRAGMENTS = 1024

_OPCODES = {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}
_FIN, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_MAX_CONTROL = 125


def unmask_with_integers(mask: bytes, data: bytes) -> bytes:
    """`data` XOR the four bytes of `mask`, repeated: one operation on two long integers."""
    size = len(data)
    key = (mask * ((size + 3) // 4))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")


unmask: Callable[[bytes, bytes], bytes]
try:
    from tornado.speedups import websocket_mask as unmask  # four times as fast, where Tornado could be compiled
except ImportError:
    unmask = unmask_with_integers


class ProtocolError(Exception):
    """The peer broke the protocol: the connection ends with close `code` (RFC 6455, 7.4.1)."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code}: {reason}")


class Decoder:
    """Turns a client's bytes, cut anywhere, into whole messages and control frames.

    A message has at most `max_message` bytes in all its fragments; more is refused as soon as a header announces it. So
    nothing is kept but one unfinished message and what was fed and not yet taken. After a ProtocolError it is of no more use.
    """

    def __init__(self, max_message: int) -> None:
        self._max = max_message
        self._buffer = bytearray()
        self._kind = CONTINUATION  # of the message whose fragments are being collected; CONTINUATION: of none
        self._message = bytearray()
        self._fragments = 0

    def whole_text(self, data: bytes) -> bytes | None:
        """The message, if `data` is exactly one good text frame and nothing else is unfinished: what nearly every read is.

        None says nothing about `data`: then it has to be fed.
        """
        if self._buffer or self._kind or len(data) < 6 or data[0] != _FIN | TEXT or data[1] < _MASKED:
            return None
        size, start = data[1] & _LENGTH, 6
        if size == 126 and len(data) >= 8:
            size, start = data[2] << 8 | data[3], 8
            if size < 126:
                return None
        if len(data) - start != size or size > self._max:
            return None
        text = unmask(data[start - 4 : start], data[start:])
        return text if text.isascii() or _is_utf8(text) else None

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def take(self) -> tuple[int, bytes] | None:
        """The next whole message or control frame as (opcode, payload); None: more bytes are needed.

        Opcodes are TEXT (checked to be UTF-8), BINARY, CLOSE, PING and PONG. Raises ProtocolError.
        """
        while (frame := self._frame()) is not None:
            final, opcode, payload = frame
            if opcode >= CLOSE:
                return opcode, payload
            if opcode:
                self._kind = opcode
            self._message += payload
            self._fragments += 1
            if final:
                return self._whole()
            if self._fragments >= MAX_FRAGMENTS:
                raise ProtocolError(POLICY, "too many fragments")
        return None

    def _whole(self) -> tuple[int, bytes]:
        kind, message = self._kind, bytes(self._message)
        self._kind, self._message, self._fragments = CONTINUATION, bytearray(), 0
        if kind == TEXT and not _is_utf8(message):
            raise ProtocolError(NOT_UTF8, "text that is not UTF-8")
        return kind, message

    def _frame(self) -> tuple[bool, int, bytes] | None:
        """The next frame as (final, opcode, payload), every rule that its header alone can break checked first."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        opcode, size = buffer[0] & _OPCODE, buffer[1] & _LENGTH
        self._check(buffer[0], buffer[1])
        start = 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(buffer) < start:
                return None
            size = _long_size(buffer[2:start])
        if opcode < CLOSE and len(self._message) + size > self._max:
            raise ProtocolError(TOO_BIG, f"at most {self._max} bytes")
        payload_at = start + 4
        end = payload_at + size
        if len(buffer) < end:
            return None
        payload = unmask(bytes(buffer[start:payload_at]), bytes(buffer[payload_at:end]))
        final = buffer[0] >= _FIN
        del buffer[:end]
        return final, opcode, payload

    def _check(self, first: int, second: int) -> None:
        opcode = first & _OPCODE
        if first & _RESERVED:
            raise ProtocolError(PROTOCOL_ERROR, "reserved bits are set")
        if opcode not in _OPCODES:
            raise ProtocolError(PROTOCOL_ERROR, "unknown opcode")
        if second < _MASKED:
            raise ProtocolError(PROTOCOL_ERROR, "clients have to mask")
        if opcode >= CLOSE:
            if first < _FIN or second & _LENGTH > _MAX_CONTROL:
                raise ProtocolError(PROTOCOL_ERROR, "control frames are short and whole")
        elif (opcode == CONTINUATION) != (self._kind != CONTINUATION):
            raise ProtocolError(PROTOCOL_ERROR, "fragments out of order")


def _long_size(field: bytes | bytearray) -> int:
    """The payload's size from the 2 or 8 bytes behind the header; only the shortest field that holds it is right."""
    size = int.from_bytes(field, "big")
    if size < (126 if len(field) == 2 else 1 << 16) or size >= 1 << 63:
        raise ProtocolError(PROTOCOL_ERROR, "length not in its shortest form")
    return size


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole unmasked frame, as servers send them."""
    size = len(payload)
    if size < 126:
        return bytes((_FIN | opcode, size)) + payload
    if size < 1 << 16:
        return bytes((_FIN | opcode, 126, size >> 8, size & 0xFF)) + payload
    return bytes((_FIN | opcode, 127)) + size.to_bytes(8, "big") + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; a reason that is too long is cut to the 123 bytes that fit."""
    room = _MAX_CONTROL - 2
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode()[:room].decode(errors="ignore").encode())


def check_close(payload: bytes) -> None:
    """Whether a client may send this close frame. Raises ProtocolError if its code or its reason is not allowed."""
    if not payload:
        return
    code = int.from_bytes(payload[:2], "big")
    known = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
    if len(payload) == 1 or not known:
        raise ProtocolError(PROTOCOL_ERROR, "bad close code")
    if not _is_utf8(payload[2:]):
        raise ProtocolError(NOT_UTF8, "close reason that is not UTF-8")

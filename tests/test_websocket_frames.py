"""The WebSocket codec against RFC 6455: sections are named where a rule has one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wsclient import BINARY, CLOSE, PING, PONG, TEXT, masked
from webingo.server import frames
from webingo.server.frames import MAX_FRAGMENTS, Decoder, ProtocolError

CONTINUATION = 0
MAX = 1000


def taken(decoder: Decoder) -> list[tuple[int, bytes]]:
    return list(iter(decoder.take, None))


def decoded(data: bytes, limit: int = MAX) -> list[tuple[int, bytes]]:
    decoder = Decoder(limit)
    decoder.feed(data)
    return taken(decoder)


def refusal(data: bytes, limit: int = MAX) -> int:
    with pytest.raises(ProtocolError) as caught:
        decoded(data, limit)
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bytes.fromhex("818537fa213d7f9f4d5158"), (TEXT, b"Hello")),
        (bytes.fromhex("898537fa213d7f9f4d5158"), (PING, b"Hello")),
        (bytes.fromhex("8a8537fa213d7f9f4d5158"), (PONG, b"Hello")),
    ],
)
def test_the_masked_examples_of_section_5_7_are_understood(data: bytes, expected: tuple[int, bytes]) -> None:
    assert decoded(data) == [expected]


def test_the_unmasked_examples_of_section_5_7_are_what_is_sent() -> None:
    assert frames.frame(TEXT, b"Hello") == bytes.fromhex("810548656c6c6f")
    assert frames.frame(PONG, b"Hello") == bytes.fromhex("8a0548656c6c6f")
    assert frames.frame(BINARY, bytes(256)) == bytes.fromhex("827e0100") + bytes(256)
    assert frames.frame(BINARY, bytes(65536)) == bytes.fromhex("827f0000000000010000") + bytes(65536)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536])
def test_every_form_of_length_is_read_at_its_edges(size: int) -> None:
    data = masked(TEXT, b"x" * size)
    assert decoded(data, 65536) == [(TEXT, b"x" * size)]
    assert Decoder(65536).whole_text(data) == (b"x" * size if size < 65536 else None)


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_both_ways_to_unmask_agree_with_byte_by_byte(data: bytes, mask: bytes) -> None:
    expected = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
    assert frames.unmask(mask, data) == frames.unmask_with_integers(mask, data) == expected


BAD_FRAMES = {
    "unmasked": frames.frame(TEXT, b"x"),
    "first reserved bit": masked(TEXT, b"x", reserved=4),
    "second reserved bit": masked(TEXT, b"x", reserved=2),
    "third reserved bit": masked(TEXT, b"x", reserved=1),
    "unknown data opcode": masked(0x3, b"x"),
    "unknown control opcode": masked(0xB, b""),
    "long ping": masked(PING, bytes(126)),
    "fragmented ping": masked(PING, b"", final=False),
    "continuation of nothing": masked(CONTINUATION, b"x"),
    "second message inside a first": masked(TEXT, b"x", final=False) + masked(TEXT, b"y"),
    "two bytes for a short length": bytes.fromhex("81fe007d"),
    "eight bytes for a short length": bytes.fromhex("81ff000000000000ffff"),
    "a length of 64 bits": bytes.fromhex("81ff8000000000000000"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_frame_against_the_rules_is_a_protocol_error(name: str) -> None:
    data = BAD_FRAMES[name]
    assert refusal(data) == 1002
    assert Decoder(MAX).whole_text(data) is None


@pytest.mark.parametrize(
    "text", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"ok \xf0\x9f\x83"], ids=["byte", "overlong", "surrogate", "cut"]
)
def test_text_that_is_not_utf8_is_refused_and_the_same_bytes_as_binary_are_not(text: bytes) -> None:
    assert refusal(masked(TEXT, text)) == 1007
    assert Decoder(MAX).whole_text(masked(TEXT, text)) is None
    assert decoded(masked(BINARY, text)) == [(BINARY, text)]


def test_a_letter_may_be_cut_by_a_fragment() -> None:
    letter = "é".encode()
    assert decoded(masked(TEXT, letter[:1], final=False) + masked(CONTINUATION, letter[1:])) == [(TEXT, letter)]


def test_a_message_that_is_too_big_is_refused_at_its_header_and_not_after_its_payload() -> None:
    header = masked(TEXT, b"x" * (MAX + 1))[:4]
    assert refusal(header) == 1009
    assert refusal(masked(TEXT, b"x" * MAX, final=False) + masked(CONTINUATION, b"y")[:2]) == 1009
    assert Decoder(MAX).whole_text(masked(TEXT, b"x" * (MAX + 1))) is None
    assert decoded(masked(TEXT, b"x" * MAX)) == [(TEXT, b"x" * MAX)]


def test_fragments_without_end_are_refused_even_when_they_are_empty() -> None:
    piece = masked(CONTINUATION, b"", final=False)
    enough = masked(TEXT, b"", final=False) + piece * (MAX_FRAGMENTS - 2)
    assert decoded(enough + masked(CONTINUATION, b"x")) == [(TEXT, b"x")]
    assert refusal(enough + piece) == 1008


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999])
def test_close_codes_of_section_7_4_are_accepted(code: int) -> None:
    frames.check_close(code.to_bytes(2, "big") + "reason é".encode())


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
def test_other_close_codes_are_protocol_errors(code: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        frames.check_close(code.to_bytes(2, "big"))
    assert caught.value.code == 1002


def test_a_close_frame_has_no_code_or_two_bytes_of_it_and_a_readable_reason() -> None:
    frames.check_close(b"")
    for payload, code in ((b"\x03", 1002), (b"\x03\xe8\xff", 1007)):
        with pytest.raises(ProtocolError) as caught:
            frames.check_close(payload)
        assert caught.value.code == code


def test_a_long_close_reason_is_cut_between_letters() -> None:
    frame = frames.close_frame(4401, "é" * 100)
    assert len(frame) <= 127
    assert frame[4:].decode() == "é" * 61


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[tuple[int, bytes]], bytes]:
    """Messages, and their bytes in any fragments with any control frames in between; controls are among the messages."""
    expected: list[tuple[int, bytes]] = []
    data = b""
    mask = draw(st.binary(min_size=4, max_size=4))
    for text in draw(st.lists(st.text(max_size=90) | st.binary(max_size=300), max_size=5)):
        opcode, payload = (TEXT, text.encode()) if isinstance(text, str) else (BINARY, text)
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=4)))
        pieces = [payload[start:end] for start, end in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
        for place, piece in enumerate(pieces):
            data += masked(opcode if place == 0 else CONTINUATION, piece, final=place == len(pieces) - 1, mask=mask)
            if place < len(pieces) - 1 and draw(st.booleans()):
                control = (draw(st.sampled_from([PING, PONG])), draw(st.binary(max_size=125)))
                data += masked(*control, mask=mask)
                expected.append(control)
        expected.append((opcode, payload))
    return expected, data


@given(conversations(), st.data())
def test_any_fragments_in_any_chunks_give_the_same_messages(
    talk: tuple[list[tuple[int, bytes]], bytes], draw: st.DataObject
) -> None:
    expected, data = talk
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    decoder = Decoder(MAX)
    seen = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        text = decoder.whole_text(data[start:end])
        if text is not None:
            seen.append((TEXT, text))
            continue
        decoder.feed(data[start:end])
        seen += taken(decoder)
    assert seen == expected


def test_byte_by_byte_gives_the_same_messages() -> None:
    data = (
        masked(TEXT, b"a" * 130, final=False) + masked(PING, b"p") + masked(CONTINUATION, b"b" * 5) + masked(CLOSE, b"\x03\xe8")
    )
    decoder = Decoder(MAX)
    seen = []
    for byte in data:
        decoder.feed(bytes([byte]))
        seen += taken(decoder)
    assert seen == decoded(data) == [(PING, b"p"), (TEXT, b"a" * 130 + b"b" * 5), (CLOSE, b"\x03\xe8")]

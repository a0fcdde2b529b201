"""What Facebook signs: the known vectors are read, and nothing that differs from what was signed in a single character."""

import base64
import hmac
import json
import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webingo.errors import Code, Refused
from webingo.platforms.facebook.signed import MOST_CHARACTERS, opened

# Made with OpenSSL from Facebook's description, not with this program.
SECRET = "webingo-test-secret"
VECTOR = (
    "SO8djDUKdMIf8QvthQD3i85b19IG4wje9zDjUEgefIc."
    "eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTYwMDAwMDAwMCwidXNlcl9pZCI6IjEwMDAwMDAwMDAwMDAwMSJ9"
)
ISSUED_AT = 1_600_000_000
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # in the order of their values


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload, secret=SECRET):
    """As Facebook signs. A payload of bytes is signed as it is, whatever it is."""
    text = encoded(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    return f"{encoded(hmac.new(secret.encode(), text.encode(), 'sha256').digest())}.{text}"


def read(text, now_s=ISSUED_AT, max_age_s=600):
    return opened(SECRET, text, now_s, max_age_s)


def refusal(text, **times):
    with pytest.raises(Refused) as caught:
        read(text, **times)
    assert caught.value.code == Code.AUTH_FAILED
    return caught.value.message


def test_the_known_vector_is_read():
    assert read(VECTOR) == {"algorithm": "HMAC-SHA256", "issued_at": ISSUED_AT, "user_id": "100000000000001"}


def test_a_signature_over_the_decoded_payload_is_refused():
    signature, payload = VECTOR.split(".")
    decoded = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    wrong = encoded(hmac.new(SECRET.encode(), decoded, "sha256").digest())
    assert wrong != signature and "not Facebook's" in refusal(f"{wrong}.{payload}")


def test_ten_thousand_mutations_are_refused():
    dice = random.Random(5)
    seen = {VECTOR}
    while len(seen) <= 10_000:
        mutated = _mutated(VECTOR, dice)
        if mutated not in seen:
            seen.add(mutated)
            refusal(mutated)


def _mutated(text, dice):
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        place, kind = dice.randrange(len(text) + 1), dice.randrange(8)
        letter = dice.choice(ALPHABET + "=.+/ \n\0é%")
        match kind:
            case 0 | 1 | 2:
                text = text[:place] + letter + text[place + 1 :]
            case 3:
                text = text[:place] + letter + text[place:]
            case 4:
                text = text[:place] + text[place + 1 :]
            case 5:
                text = text[:place]
            case 6:
                text = text[:place].swapcase() + text[place:]
            case 7:
                end = dice.randrange(place, len(text) + 1)
                text = text[:place] + text[end:] + text[place:end]
    return text


def test_of_the_encodings_of_the_same_signature_one_is_read():
    """The 43rd character holds two bits that say nothing: four characters stand for the same bytes there."""
    signature, payload = VECTOR.split(".")
    digest = base64.urlsafe_b64decode(signature + "=")
    same = [last for last in ALPHABET if base64.urlsafe_b64decode(signature[:-1] + last + "=") == digest]
    assert len(same) == 4
    assert [last for last in same if _taken(f"{signature[:-1]}{last}.{payload}")] == [signature[-1]]


def _taken(text):
    try:
        return bool(read(text))
    except Refused:
        return False


def test_what_is_encoded_another_way_is_refused_though_it_was_signed():
    data = json.dumps({"algorithm": "HMAC-SHA256", "issued_at": ISSUED_AT, "n": 1}).encode()
    while len(data) % 3 != 1:
        data += b" "
    text = encoded(data)
    other = text[:-1] + ALPHABET[ALPHABET.index(text[-1]) + 1]
    assert base64.urlsafe_b64decode(other + "==") == data
    for payload, good in ((text, True), (other, False), (text + "==", False)):
        signature = encoded(hmac.new(SECRET.encode(), payload.encode(), "sha256").digest())
        assert _taken(f"{signature}.{payload}") is good


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_text_is_taken_that_nobody_signed(text):
    refusal(text)
    refusal(f"{VECTOR.split('.')[0]}.{text}")
    refusal(f"{text}.{VECTOR.split('.')[1]}")


@given(st.dictionaries(st.text(max_size=20), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=50)))
@settings(max_examples=200, deadline=None)
def test_whatever_facebook_signs_is_read_as_it_was(fields):
    payload = {**fields, "algorithm": "HMAC-SHA256", "issued_at": ISSUED_AT}
    assert read(signed(payload)) == payload


def test_another_applications_signature_is_refused():
    payload = {"algorithm": "HMAC-SHA256", "issued_at": ISSUED_AT}
    assert "not Facebook's" in refusal(signed(payload, "another-secret"))


@pytest.mark.parametrize(
    "algorithm", ["none", "", "HMAC-SHA1", "HMAC-SHA512", "HS256", "HMAC-SHA256 ", "HMAC-ſHA256", None, 256]
)
def test_another_algorithm_is_refused(algorithm):
    assert "algorithm" in refusal(signed({"algorithm": algorithm, "issued_at": ISSUED_AT}))


def test_the_algorithm_may_be_in_small_letters():
    assert read(signed({"algorithm": "hmac-sha256", "issued_at": ISSUED_AT}))


def test_a_payload_without_algorithm_is_refused():
    assert "algorithm" in refusal(signed({"issued_at": ISSUED_AT}))


@pytest.mark.parametrize("issued_at", [None, "1600000000", 1.6e9, True, [], float("inf"), 1 << 70])
def test_a_time_that_is_no_whole_number_is_refused(issued_at):
    refusal(signed({"algorithm": "HMAC-SHA256", "issued_at": issued_at}))


def test_a_signature_is_good_for_its_time():
    read(VECTOR, now_s=ISSUED_AT + 600)
    assert "too long ago" in refusal(VECTOR, now_s=ISSUED_AT + 600.001)
    assert "too long ago" in refusal(VECTOR, now_s=ISSUED_AT + 86_401, max_age_s=86_400)
    read(VECTOR, now_s=ISSUED_AT - 60)
    assert "future" in refusal(VECTOR, now_s=ISSUED_AT - 60.001)


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b'"x"', b"{", b"{}{}", b"\xff", b'{"a": NaN}', b"[" * 5000])
def test_what_is_no_object_is_refused_though_it_was_signed(payload):
    refusal(signed(payload))


def test_what_is_too_long_is_not_even_looked_at():
    payload = {"algorithm": "HMAC-SHA256", "issued_at": ISSUED_AT, "data": "x" * MOST_CHARACTERS}
    assert "form" in refusal(signed(payload))


def test_nothing_is_read_with_an_empty_secret():
    with pytest.raises(ValueError, match="empty secret"):
        opened("", signed({"algorithm": "HMAC-SHA256", "issued_at": ISSUED_AT}, ""), ISSUED_AT, 600)

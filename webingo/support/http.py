"""Calls to others over HTTP: by libcurl where pycurl is there, which keeps connections, else by Tornado's own simple client."""

import asyncio
import logging
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

_CALLS_AT_ONCE = 200
_CONNECT_S = 2.0
_MOST_ANSWER_BYTES = 32 << 20
_LONGEST_REST_S = 60.0


class NoAnswer(Exception):  # noqa: N818 - names the finding
    """There was none in time, or a broken one. Whether the call did its work is unknown. The text never holds the address,
    which may carry what is secret."""


class Answer(NamedTuple):
    """`headers` by name, in whatever case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The media type, in lower case and without its parameters; "" where none is named."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def rest_s(self) -> float:
        """Seconds of a Retry-After header (RFC 9110 10.2.3), as far as we follow it; a date is not read."""
        asked = self.headers.get("Retry-After", "")
        return min(float(asked), _LONGEST_REST_S) if asked.isascii() and asked.isdigit() else 0.0


class Http:
    """A client with connections of its own, to be made where the loop runs. No answer is larger than `most_bytes`.

    Redirects are answers like others and not followed, proxies of the environment are not asked, certificates are checked.
    """

    def __init__(self, most_bytes: int = _MOST_ANSWER_BYTES) -> None:
        self._most_bytes = most_bytes
        self._client = _new_client(most_bytes)

    def close(self) -> None:
        """Lets the connections go."""
        self._client.close()

    async def fetch(
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        timeout_s: float,
    ) -> Answer:
        """Whatever is answered within `timeout_s`, errors too. Raises NoAnswer."""
        request = HTTPRequest(
            url,
            method,
            dict(headers or {}),
            body,
            connect_timeout=min(_CONNECT_S, timeout_s),
            request_timeout=timeout_s,
            follow_redirects=False,
            decompress_response=False,  # answers are small, and what is packed could be a bomb
            user_agent="webingo",
            prepare_curl_callback=self._prepared,
        )
        fetching = asyncio.ensure_future(self._client.fetch(request, raise_error=False))
        try:
            # Cancelled itself, it would log as an error how its connection ends.
            response = await asyncio.shield(fetching)
        except asyncio.CancelledError:
            fetching.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise
        except Exception as error:  # an HTTP client can raise anything when the other side misbehaves
            raise NoAnswer(_told(error, url)) from None
        if response.code == 599:  # Tornado's own, for what never became an answer
            raise NoAnswer(_told(response.error, url))
        if len(response.body) > self._most_bytes:  # libcurl does not stop where no length was announced
            raise NoAnswer("the answer is too large")
        return Answer(response.code, response.headers, response.body)

    def _prepared(self, curl: Any) -> None:
        """Only libcurl calls this. It would ask the environment for a proxy."""
        import pycurl  # type: ignore[import-not-found, import-untyped, unused-ignore]

        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.MAXFILESIZE, self._most_bytes)


def _new_client(most_bytes: int) -> AsyncHTTPClient:
    # It quotes what it can't read, and who answers may repeat what is secret in what we asked.
    logging.getLogger("tornado.general").setLevel(logging.WARNING)
    if find_spec("pycurl") is None:
        return SimpleAsyncHTTPClient(force_instance=True, max_clients=_CALLS_AT_ONCE, max_body_size=most_bytes)
    from tornado.curl_httpclient import CurlAsyncHTTPClient

    # It would write every header to its log, keys and tokens among them.
    logging.getLogger("tornado.curl_httpclient").setLevel(logging.INFO)
    return CurlAsyncHTTPClient(force_instance=True, max_clients=_CALLS_AT_ONCE)


def _told(error: BaseException | None, url: str) -> str:
    """What happened, without the address."""
    text, query = str(error), url.partition("?")[2]
    return type(error).__name__ if url in text or (query and query in text) else f"{type(error).__name__}: {text}"[:200]

"""The HTTP client below the calls: Tornado's on libcurl where pycurl is there, which keeps connections, else its simple one."""

import logging
from importlib.util import find_spec
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

_CALLS_AT_ONCE = 200
_MOST_ANSWER_BYTES = 32 << 20


def new_client() -> AsyncHTTPClient:
    """A client of its own, with connections of its own."""
    if find_spec("pycurl") is None:
        return SimpleAsyncHTTPClient(force_instance=True, max_clients=_CALLS_AT_ONCE, max_body_size=_MOST_ANSWER_BYTES)
    from tornado.curl_httpclient import CurlAsyncHTTPClient

    # It would write every header to its log, the key among them.
    logging.getLogger("tornado.curl_httpclient").setLevel(logging.INFO)
    return CurlAsyncHTTPClient(force_instance=True, max_clients=_CALLS_AT_ONCE)


def prepare(
    url: str, method: str, headers: dict[str, str], body: bytes | None, connect_timeout_s: float, timeout_s: float
) -> HTTPRequest:
    """A request that is not redirected, goes by no proxy, and is over after `timeout_s`."""
    return HTTPRequest(
        url,
        method,
        headers,
        body,
        connect_timeout=connect_timeout_s,
        request_timeout=timeout_s,
        follow_redirects=False,
        decompress_response=False,  # answers are small, and what is packed could be a bomb
        user_agent="webingo",
        prepare_curl_callback=_no_proxy,
    )


def _no_proxy(curl: Any) -> None:
    """libcurl would ask the environment for one. Only it calls this."""
    import pycurl  # type: ignore[import-not-found, import-untyped, unused-ignore]

    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.MAXFILESIZE, _MOST_ANSWER_BYTES)

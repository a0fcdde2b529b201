"""make run FACEBOOK=fake: a Facebook and a server that start together, know each other, and stop together."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.processes import ROOT, environment
from tests.secrets import overheard, secret
from tests.servers import free_port


def test_make_starts_it_with_and_without_the_backoffice():
    def said(*settings: str) -> str:
        command = ["make", "--no-print-directory", "-n", "run", *settings]  # make test is a make around this one
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout.strip().splitlines()[-1]

    assert said() == ".venv/bin/webingo serve"
    assert said("FACEBOOK=fake") == ".venv/bin/python -m examples.fake_facebook --"
    assert said("FACEBOOK=fake", "BACKOFFICE=1") == ".venv/bin/python -m examples.fake_facebook -- --backoffice"


def test_both_run_know_each_other_and_stop_together(tmp_path: Path) -> None:
    fake_port, port, log = free_port(), free_port(), tmp_path / "log"
    given = environment(debug="true", http_port=port, res_dir=ROOT / "res", static_dir=ROOT / "static")
    command = [sys.executable, "-m", "examples.fake_facebook", "--port", str(fake_port)]
    overheard(log)
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=tmp_path, env={**given, "PYTHONPATH": str(ROOT)}, stdout=out, stderr=out)
        try:
            for _ in range(600):
                assert process.poll() is None, log.read_text()
                if f"http://127.0.0.1:{fake_port}/" in log.read_text():
                    break
                time.sleep(0.05)
            assert f"http://localhost:{port}/facebook/payments is verified" in log.read_text()
            people = read(f"http://127.0.0.1:{fake_port}/")
            uid = re.search(r"/apps/webingo\?as=([0-9]+)", people)
            assert uid is not None
            app = read(f"http://127.0.0.1:{fake_port}/apps/webingo?as={uid[1]}")
            found = re.search(r'name="signed_request" value="([^"]+)"', app)
            assert found is not None and secret(found[1], "signed request")
            assert f'action="http://localhost:{port}/facebook/portal?site=social"' in app
            # The shipped site is closed; here it is open.
            portal = read(f"http://127.0.0.1:{port}/facebook/portal?site=social", f"signed_request={found[1]}".encode())
            assert "<title>webingo social</title>" in portal
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0, log.read_text()
    with contextlib.suppress(OSError):
        read(f"http://127.0.0.1:{port}/readyz")
        raise AssertionError("the server goes on")


def test_what_keeps_it_from_starting_is_said_in_a_line(tmp_path: Path) -> None:
    def said(port: int, *more: str) -> str:
        command = [sys.executable, "-m", "examples.fake_facebook", "--port", str(port), *more]
        given = {**environment(debug="true", res_dir=ROOT / "res", static_dir=ROOT / "static"), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, timeout=30)
        assert done.returncode == 1 and done.stdout == ""
        return done.stderr

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert said(port) == f"fake facebook: port {port} of 127.0.0.1: Address already in use\n"
    assert said(free_port(), "--site", "nowhere").endswith("local_sites/nowhere.json: No such file or directory\n")
    (tmp_path / "config.json").write_text("")
    assert said(free_port()) == "fake facebook: config.json: line 1, column 1: this is not JSON: Expecting value\n"


def read(url: str, form: bytes | None = None) -> str:
    with urllib.request.urlopen(url, form, timeout=10) as answer:
        text: str = answer.read().decode()
    return text

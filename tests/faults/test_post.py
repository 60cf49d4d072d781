"""The post of the tests itself: it does not rest, and it counts."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx

from tests.faults.house import eventually
from tests.faults.post import Post

HEADERS = {"content-type": "application/json", "x-hub-signature-256": "sha256=00"}


def test_a_delivery_is_carried_until_it_is_taken() -> None:
    heard: list[bytes] = []

    class Moody(BaseHTTPRequestHandler):
        """Refuses the first two, and hangs up on the third."""

        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["content-length"])))
            if len(heard) == 3:
                return
            self.send_response(503 if len(heard) < 3 else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Moody) as house:
        thread = threading.Thread(target=house.serve_forever, args=(0.01,))
        thread.start()
        with Post(f"http://127.0.0.1:{house.server_port}") as post:
            for _ in range(2):
                assert httpx.post(post.url, content=b"{}", headers=HEADERS).status_code == 200
            eventually("both are taken", lambda: post.acked == 2, 10)
            assert (post.taken, post.duplicates, post.waiting) == (2, 1, 0)
            assert post.answers["503"] == 2
            assert post.answers.total() == 5
        house.shutdown()
        thread.join()
    assert heard == [b"{}"] * 5

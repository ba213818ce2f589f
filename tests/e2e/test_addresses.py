"""Names that stand for several addresses, and how many connections and how low a rate can be asked for.

What needs a machine of its own (another /etc/hosts, another range of ports) gets namespaces."""

import contextlib
import http.server
import pathlib
import signal
import socket
import subprocess
import threading

import pytest
from conftest import ASSAY, LIMIT_S, environment, free_port, own_server, until


def prefix_of(namespace, script, argument):
    """Runs in a namespace of that kind in which we are root, after the script."""
    prefix = ["unshare", "--map-root-user", namespace, "sh", "-c", f'{script} && exec "$@"', str(argument)]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may make no namespaces here")
    return prefix


@pytest.fixture
def both(tmp_path):
    """both.test is 127.0.0.1 and 127.0.0.2, in this order."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 both.test\n127.0.0.2 both.test\n", encoding="ascii")
    return prefix_of("--mount", 'mount --bind "$0" /etc/hosts', hosts)


class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


def test_the_first_address_that_lets_us_in_is_taken(assay, both):
    with http.server.ThreadingHTTPServer(("127.0.0.2", 0), Hello) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = assay(f"http://both.test:{server.server_port}/", "-c", 1, "-n", 5, "-j", prefix=both)
        server.shutdown()
    assert done.code == 0, done.err
    assert done.json["target"]["address"] == f"127.0.0.2:{server.server_port}"
    assert done.json["requests"]["ok"] == 5


def test_where_none_does_all_that_were_tried_are_named(assay, both):
    port = free_port()
    done = assay(f"http://both.test:{port}/", "-n", 1, prefix=both)
    assert done.code == 1
    assert "Connection refused; nothing listens there" in done.err
    assert f"(tried 127.0.0.1:{port} and 127.0.0.2:{port})" in done.err


def handshakes_to(port):
    """How many of this machine wait for an answer of that port."""
    lines = pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return sum(line.split()[2].endswith(f":{port:04X}") and line.split()[3] == "02" for line in lines)


def test_an_interrupt_ends_the_search_for_one_that_lets_us_in(both, tmp_path):
    with contextlib.ExitStack() as open_sockets:
        full = open_sockets.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        while handshakes_to(port) == 0:  # fills the queue of who was not accepted yet
            client = open_sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        before = handshakes_to(port)
        child = subprocess.Popen([*both, ASSAY, f"http://both.test:{port}/", "-n", "1", "--no-save"], cwd=tmp_path,
                                 stderr=subprocess.PIPE, text=True, env=environment())
        until(lambda: handshakes_to(port) > before, "its handshake")
        child.send_signal(signal.SIGINT)
        assert "connect to http://both.test" in child.communicate(timeout=LIMIT_S)[1]
        assert child.returncode == 130


def test_more_connections_than_there_are_ports_are_refused_before_anything_is_asked(assay):
    prefix = prefix_of("--net", 'echo "40000 40099" > /proc/sys/net/ipv4/ip_local_port_range', "sh")
    done = assay("http://127.0.0.1:9/", "-c", 81, "-d", "1s", prefix=prefix)
    assert done.code == 2
    assert "this machine has 100, some of them in use" in done.err
    assert "ask for 80 connections at most" in done.err
    assert assay("http://127.0.0.1:9/", "-c", 80, "-d", "1s", prefix=prefix).code == 1  # nobody listens


def test_in_a_suite_they_are_refused_too(assay, suite):
    prefix = prefix_of("--net", 'ip link set lo up && echo "40000 40099" > /proc/sys/net/ipv4/ip_local_port_range', "sh")
    folder = suite([own_server()], loads=[{"name": "many", "model": "closed", "connections": 81, "duration": "100ms"}])
    done = assay("run", folder, "-j", prefix=prefix)
    assert (done.code, done.out) == (2, "")
    assert "this machine has 100, some of them in use; ask for 80 connections at most" in done.err


def test_a_rate_that_comes_to_less_than_one_a_day_is_refused(assay):
    done = assay("http://127.0.0.1:9/", "-r", "0.0000000001")
    assert done.code == 2
    assert "--rate 0.0000000001 is out of range; from one a day up to 10M" in done.err

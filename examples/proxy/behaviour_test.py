#!/usr/bin/env python3
"""Talks to the proxy through raw sockets, in front of a server of its own, with both memories.

    behaviour_test.py PROXY [--no-memory-bound]

--no-memory-bound: resident memory is no measure, as with a sanitizer. The last line is
'N passed, N failed'; the exit status is 1 if one failed.
"""
import collections
import contextlib
import os
import pathlib
import random
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

PATIENCE = 8  # seconds that anything may take
WHOLE_RUN = 60  # seconds after which the run gives up, whatever it waits for
PROTOCOL_ERROR = b"-ERR Protocol error: "
MIB = 1 << 20


class Failure(Exception):
    pass


def check(good, what):
    if not good:
        raise Failure(what)


def show(data):
    return repr(data if len(data) < 80 else data[:60] + b"...") + f" ({len(data)} bytes)"


def expect(got, wanted, what="the reply"):
    check(got == wanted, f"{what}: {show(got)} instead of {show(wanted)}")


def bulk(data):
    return b"$%d\r\n%s\r\n" % (len(data), data)


def command(*arguments):
    return b"*%d\r\n" % len(arguments) + b"".join(map(bulk, arguments))


# --- The server behind the proxy.


class Server:
    """SET, GET, ECHO and PING in memory. HOLD is answered when release() is called; BREAK with what
    is no reply."""

    def __init__(self):
        self.values = {}
        self.holds = 0
        self.may_answer = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections.append(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        # The proxy may end at any time; what it then had sent in part is no concern of ours.
        with contextlib.suppress(OSError, ValueError), connection.makefile("rb") as requests:
            while line := requests.readline():
                if line.startswith(b"*"):
                    arguments = [self.read_bulk(requests) for _ in range(int(line[1:]))]
                else:
                    arguments = line.split()
                connection.sendall(self.answer(*arguments))

    @staticmethod
    def read_bulk(requests):
        return requests.read(int(requests.readline()[1:]) + 2)[:-2]

    def answer(self, name, *arguments):
        name = name.upper()
        if name == b"SET":
            self.values[arguments[0]] = arguments[1]
            return b"+OK\r\n"
        if name == b"GET":
            value = self.values.get(arguments[0])
            return b"$-1\r\n" if value is None else bulk(value)
        if name == b"ECHO":
            return bulk(arguments[0])
        if name == b"HOLD":
            self.holds += 1
            self.may_answer.wait(PATIENCE)
            return b"+HELD\r\n"
        if name == b"NESTED":
            return b"*3\r\n*2\r\n:1\r\n$-1\r\n*-1\r\n*1\r\n*1\r\n" + bulk(arguments[0])
        if name == b"BREAK":
            return b"?\r\n"
        return b"+PONG\r\n" if name == b"PING" else b"-ERR unknown command\r\n"

    def hold(self):
        self.holds = 0
        self.may_answer.clear()

    def release(self):
        self.may_answer.set()

    def close(self):
        self.release()
        for end in [self.listener, *self.connections]:
            end.close()


# --- The proxy.


def descendants(process):
    """The process, and all that it has started. None of those that have ended."""
    found = [process]
    for children in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                found += descendants(int(child))
    return found


def resident_bytes(process):
    pages = pathlib.Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def is_running(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Proxy:
    def __init__(self, program, *options, own_group=False):
        self.process = subprocess.Popen(
            [program, "--no-load", "--listen", "0", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=own_group,
        )
        self.everyone = [self.process.pid]
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
            line = self.process.stdout.readline() if ready else ""
            check(line.startswith("listening on "), f"the proxy says {line!r}")
            self.port = int(line.split(",")[0].rpartition(":")[2])
            self.everyone = descendants(self.process.pid)
        except BaseException:
            self.process.kill()
            self.process.communicate()
            raise

    def resident_bytes(self):
        return sum(map(resident_bytes, self.everyone))

    def wait_for_end(self):
        try:
            self.said, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise Failure("the proxy does not end")
        self.check_nothing_remains()
        return self.process.returncode

    def check_nothing_remains(self):
        deadline = time.monotonic() + PATIENCE
        while orphans := [process for process in self.everyone if is_running(process)]:
            check(time.monotonic() < deadline, f"the proxy leaves processes behind: {orphans}")
            time.sleep(0.01)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        expect(b"%d" % self.wait_for_end(), b"0", "the proxy's exit status")


class ProxyPart:
    """The proxy's process alone, without the one that would start it: tells its figures."""

    def __init__(self, program, *options):
        self.process = subprocess.Popen(
            [program, "--role", "proxy", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.next_line().removeprefix("listening "))

    def next_line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        check(ready, "the proxy says nothing")
        return self.process.stdout.readline().rstrip()

    def figures(self):
        print("figures", file=self.process.stdin, flush=True)
        # The lines come at once, and then are in Python's buffer, where select() does not look.
        lines = iter(self.process.stdout.readline, "done\n")
        return {name: int(value) for _, name, value in map(str.split, lines)}

    def limit_memory(self, more_bytes):
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[0]
        limit = int(pages) * os.sysconf("SC_PAGE_SIZE") + more_bytes
        resource.prlimit(self.process.pid, resource.RLIMIT_AS, (limit, limit))


class Client:
    def __init__(self, proxy, send_buffer=None, receive_buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if send_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", proxy.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_beside(self, data):
        """While this thread receives."""
        sender = threading.Thread(target=self.send, args=(data,), daemon=True)
        sender.start()
        return sender

    def send_in_pieces(self, data, piece_bytes):
        for at in range(0, len(data), piece_bytes):
            self.send(data[at : at + piece_bytes])

    def receive(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self.socket.recv(min(size - len(data), MIB))
            check(piece, f"the connection is closed after {show(bytes(data))}")
            data += piece
        return bytes(data)

    def receive_to_end(self):
        data = bytearray()
        while piece := self.socket.recv(MIB):
            data += piece
        return bytes(data)

    def expect(self, wanted):
        expect(self.receive(len(wanted)), wanted)

    def expect_silence(self, seconds=0.05):
        readable, _, _ = select.select([self.socket], [], [], seconds)
        if readable:
            raise Failure(f"unexpected: {show(self.socket.recv(100))}")

    def ask(self, request, wanted):
        self.send(request)
        self.expect(wanted)

    def is_served(self):
        self.ask(command(b"PING"), b"+PONG\r\n")

    def reset(self):
        """Closes so that the other end gets an error."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < deadline, f"{what} does not happen")
        time.sleep(0.005)


# --- What is checked.


def a_value_comes_back(bench):
    with bench.client() as client:
        client.ask(command(b"SET", b"key", b"a\r\nvalue\0\xff"), b"+OK\r\n")
        client.ask(command(b"GET", b"key"), bulk(b"a\r\nvalue\0\xff"))
        client.ask(command(b"GET", b"no such key"), b"$-1\r\n")
        client.ask(command(b"SET", b"empty", b""), b"+OK\r\n")
        client.ask(command(b"GET", b"empty"), b"$0\r\n\r\n")
        client.ask(b"PING\r\n", b"+PONG\r\n")
        client.ask(b"\r\n*0\r\necho inline\n", bulk(b"inline"))
        client.ask(command(b"NESTED", b"x"), bench.server.answer(b"NESTED", b"x"))
        client.expect_silence()


def what_the_proxy_does_not_know_is_not_forwarded(bench):
    for name in b"HOLDER", b"JSON.GET", b"SUBSCRIBE", b"x" * 100:
        with bench.client() as client:
            client.send(command(name, b"x") + command(b"PING") + command(b"QUIT"))
            refusal, *others = client.receive_to_end().split(b"\r\n")
            check(refusal.startswith(b"-ERR the proxy does not forward this command"), refusal)
            check(b"start the proxy with --allow NAME" in refusal, refusal)
            check(others == [b"+PONG", b"+OK", b""], others)


def large_values_come_back(bench):
    with bench.client() as client:
        for size in MIB, 5 * MIB:
            value = random.Random(size).randbytes(size)
            requests = command(b"SET", b"large", value) + command(b"GET", b"large")
            sender = client.send_beside(requests)
            client.expect(b"+OK\r\n" + bulk(value))
            sender.join(PATIENCE)
        client.expect_silence()


def requests_arrive_byte_by_byte(bench):
    with bench.client() as client:
        request = command(b"ECHO", b"a\r\nb") + b"PING\r\n" + command(b"SET", b"k", b"v")
        client.send_in_pieces(request, 1)
        client.expect(bulk(b"a\r\nb") + b"+PONG\r\n+OK\r\n")
        for byte in command(b"ECHO", b"slow"):
            client.send(bytes([byte]))
            time.sleep(0.001)
        client.expect(bulk(b"slow"))


def pipelined_replies_keep_their_order(bench):
    texts = [b"%d" % i * (i % 50 + 1) for i in range(1000)]
    with bench.client() as client:
        sender = client.send_beside(b"".join(command(b"ECHO", text) for text in texts))
        client.expect(b"".join(map(bulk, texts)))
        sender.join(PATIENCE)
        # The proxy's own answers among the others.
        requests = [command(b"ECHO", b"%d" % i) + command(b"SELECT", b"0") for i in range(100)]
        client.send(b"".join(requests))
        client.expect(b"".join(bulk(b"%d" % i) + b"+OK\r\n" for i in range(100)))
        client.expect_silence()


def clients_never_see_each_other(bench):
    """Many commands of each, cut anywhere, a piece of one and then a piece of another."""
    chance = random.Random(1)
    with contextlib.ExitStack() as stack:
        streams = []
        for name in b"ABC":
            texts = [bytes([name]) * chance.choice([0, 1, 30, 300, 5000]) for _ in range(100)]
            requests = b"".join(command(b"ECHO", text) for text in texts)
            wanted = b"".join(map(bulk, texts))
            streams.append((stack.enter_context(bench.client()), requests, wanted))
        offsets = [0] * len(streams)
        got = [b""] * len(streams)
        while any(offset < len(requests) for offset, (_, requests, _) in zip(offsets, streams)):
            for i, (client, requests, _) in enumerate(streams):
                size = chance.choice([1, 7, 100, 4000, 20000])
                client.send(requests[offsets[i] : offsets[i] + size])
                offsets[i] += size
                if select.select([client.socket], [], [], 0)[0]:
                    got[i] += client.socket.recv(MIB)
        for data, (client, _, wanted) in zip(got, streams):
            expect(data + client.receive(len(wanted) - len(data)), wanted)
            client.expect_silence(0.01)


def a_malformed_frame_closes_its_connection_only(bench):
    malformed = {
        b"$5\r\nhello\r\n": b"expected '*' or a command",
        b"*1\r\n:1\r\n": b"expected '$' in a request",
        b"*1\r\n$-5\r\n": b"invalid bulk length",
        b"*1\r\n$4\r\nPINGxx": b"bulk is not followed by CR LF",
        b"*99999999999999999999\r\n": b"invalid multibulk length",
        b"*1\n": b"line feed without carriage return",
        b"\x16\x03\x01\x02\x00": b"expected '*' or a command",
    }
    with bench.client() as other:
        for frame, reason in malformed.items():
            with bench.client() as client:
                # What was right before it is answered, what comes behind it is not.
                client.send(command(b"ECHO", b"before") + frame + command(b"ECHO", b"behind") * 50)
                wanted = bulk(b"before") + PROTOCOL_ERROR + reason + b"\r\n"
                expect(client.receive_to_end(), wanted)
            other.is_served()
        other.expect_silence()


def much_behind_a_malformed_frame_does_not_lose_its_reply(bench):
    with bench.client() as client:
        client.send(b"*1\r\n:1\r\n" + b"junk" * (MIB // 4))
        time.sleep(0.05)  # to be reset, if it is
        client.send(b"more junk")
        wanted = PROTOCOL_ERROR + b"expected '$' in a request\r\n"
        expect(client.receive_to_end(), wanted)


def half_a_command_does_not_disturb(bench):
    with bench.client() as begun, bench.client() as other:
        begun.send(b"*2\r\n$4\r\nECHO\r\n$100000\r\nabc")
        other.is_served()
        begun.expect_silence()
    with bench.client() as other:
        other.is_served()


def a_client_that_ends_its_input_gets_its_replies(bench):
    with bench.client() as client:
        client.send(command(b"ECHO", b"x" * 1000) * 50)
        client.socket.shutdown(socket.SHUT_WR)
        expect(client.receive_to_end(), bulk(b"x" * 1000) * 50)
    with bench.client() as client:
        client.ask(command(b"QUIT") + command(b"PING"), b"+OK\r\n")
        expect(client.receive_to_end(), b"")


def send_until_stalled(client, data, seconds=0.4):
    """How many bytes were taken before none were for so long."""
    sent = 0
    view = memoryview(data)
    while sent < len(data) and select.select([], [client.socket], [], seconds)[1]:
        sent += client.socket.send(view[sent : sent + 65536], socket.MSG_DONTWAIT)
    return sent


def a_client_that_does_not_read_is_not_read(bench):
    request, reply = command(b"ECHO", b"z" * 16000), bulk(b"z" * 16000)
    # The kernel alone may take 32 MiB of them, the most that tcp_rmem usually lets a socket have.
    requests = request * (96 * MIB // len(request))
    with bench.client() as other, bench.client(65536, 65536) as client:
        other.is_served()
        before = bench.proxy.resident_bytes()
        sent = send_until_stalled(client, requests)
        check(sent < len(requests) / 2, f"{sent} bytes of its requests were taken")
        start = time.monotonic()
        for _ in range(20):
            other.is_served()
        check(time.monotonic() - start < 2, "another client waits for it")
        grown = bench.proxy.resident_bytes() - before
        check(not bench.bounded or grown < 16 * MIB, f"the proxy grows by {grown} bytes")
        # When it reads, nothing is missing.
        begun = sent % len(request)
        wanted = reply * (sent // len(request))
        expect(client.receive(len(wanted)), wanted)
        if begun:
            client.ask(request[begun:], reply)
        client.is_served()


def a_client_with_too_much_unread_is_closed(bench):
    value = b"u" * MIB
    with bench.started("--drop-bytes", str(4 * MIB), "--outbound-bytes", str(MIB)) as proxy:
        with Client(proxy) as other, Client(proxy, receive_buffer=65536) as client:
            other.ask(command(b"SET", b"u", value), b"+OK\r\n")
            client.send(command(b"GET", b"u") * 100)
            for _ in range(5):
                other.ask(command(b"GET", b"u"), bulk(value))
            with contextlib.suppress(ConnectionResetError):
                got = len(client.receive_to_end())
                check(got < 50 * MIB, f"{got} bytes came")
            other.is_served()


def a_client_that_reads_gets_a_reply_beyond_the_limit(bench):
    value = random.Random(2).randbytes(12 * MIB)
    with bench.started("--drop-bytes", str(4 * MIB), "--outbound-bytes", str(MIB)) as proxy:
        with Client(proxy, receive_buffer=65536) as client:
            sender = client.send_beside(command(b"SET", b"r", value))
            client.expect(b"+OK\r\n")
            sender.join(PATIENCE)
            client.send(b"PING\r\n" * 3 + command(b"GET", b"r") + b"PING\r\n" * 3)
            client.expect(b"+PONG\r\n" * 3 + bulk(value) + b"+PONG\r\n" * 3)
            client.is_served()


def of_clients_with_too_much_unread_together_the_one_with_most_is_closed(bench):
    # The kernel takes up to 4 MiB of what is sent to each.
    value, limit = b"t" * MIB, 21 * MIB
    with bench.started("--drop-total-bytes", str(limit)) as proxy, contextlib.ExitStack() as stack:
        other = stack.enter_context(Client(proxy))
        most, least = (stack.enter_context(Client(proxy, receive_buffer=65536)) for _ in range(2))
        other.ask(command(b"SET", b"t", value), b"+OK\r\n")
        for client, replies in (most, 20), (least, 10):
            client.send(command(b"GET", b"t") * replies)
            for _ in range(3):  # one reply after the other, behind those
                other.ask(command(b"GET", b"t"), bulk(value))
        with contextlib.suppress(ConnectionResetError):
            got = len(most.receive_to_end())
            check(got < 10 * MIB, f"{got} bytes came")
        least.expect(bulk(value) * 10)
        least.is_served()
        # What waited for them is not counted any more.
        for _ in range(30):
            other.ask(command(b"GET", b"t"), bulk(value))


def of_clients_with_too_much_unfinished_the_one_with_most_is_closed(bench):
    value = b"t" * (4 * MIB)
    options = "--drop-total-bytes", str(21 * MIB), "--io-threads", "1"
    with bench.started(*options) as proxy, contextlib.ExitStack() as stack:
        most, *least = (stack.enter_context(Client(proxy)) for _ in range(4))
        for client in least:
            client.send(command(b"ECHO", value)[:-1])
        with contextlib.suppress(ConnectionError):
            most.send(command(b"ECHO", value * 4)[:-1])
            expect(most.receive_to_end(), b"")
        for client in least:
            client.ask(b"\n", bulk(value))
            client.is_served()


def small_replies_that_wait_do_not_keep_their_slots(bench):
    # The kernel takes up to 4 MiB of what is sent to a client.
    value, rounds = b"l" * (6 * MIB), 400
    bench.server.values[b"large"] = value
    others = b"o" * 12_000  # most of a slot, so that the next reply is in another one
    with bench.part("--outbound-bytes", str(64 * MIB)) as part, Client(part) as other:
        with Client(part, receive_buffer=65536) as client:
            client.ask(command(b"PING") + command(b"GET", b"large"), b"+PONG\r\n")
            other.is_served()  # behind that
            before = part.figures().get("slots_taken", 0)
            for _ in range(rounds):
                client.send(command(b"PING"))
                other.ask(command(b"ECHO", others), bulk(others))
            more = part.figures().get("slots_taken", 0) - before
            check(more < rounds / 10, f"{rounds} small replies that wait keep {more} slots")
            client.expect(bulk(value) + b"+PONG\r\n" * rounds)
            client.is_served()
            none_taken = lambda: part.figures().get("slots_taken", 0) == 0
            wait_until(none_taken, "that those who wait for nothing keep no slot")


def what_follows_a_large_command_does_not_keep_its_slots(bench):
    large = command(b"ECHO", b"l" * (4 * MIB))
    with bench.part("--io-threads", "1") as part, Client(part) as client, Client(part) as other:
        client.send(large[:-100])
        for _ in range(100):  # the thread reads a bit of it each time, and then the rest with what follows
            other.is_served()
        client.ask(large[-100:] + b"*", bulk(b"l" * (4 * MIB)))
        # The proxy drops the reply a moment after the client has all of it.
        wait_until(lambda: part.figures().get("slots_taken", 0) <= 2, "that one byte keeps two slots at most")
        client.ask(command(b"PING")[1:], b"+PONG\r\n")


def without_memory_it_says_so_and_ends(bench):
    if not bench.bounded:
        return  # a sanitizer ends the process itself
    bench.server.values[b"huge"] = b"h" * (96 * MIB)
    with bench.part("--slots", "0") as part, Client(part) as client:
        client.is_served()
        part.limit_memory(16 * MIB)
        client.send(command(b"GET", b"huge"))
        expect(client.receive_to_end(), b"")
        expect(part.next_line(), "failed out of memory", "what it says")
        status = part.process.wait(PATIENCE)
        check(status == 1, f"the exit status is {status}")


def clients_beyond_the_limit_are_refused(bench):
    refusal = b"-ERR max number of clients reached\r\n"
    with bench.started("--max-connections", "3") as proxy, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(proxy)) for _ in range(3)]
        for client in clients:
            client.is_served()
        for _ in range(3):
            with Client(proxy) as refused:
                expect(refused.receive_to_end(), refusal)
        for client in clients:
            client.is_served()
        clients[0].socket.close()

        def is_accepted():
            with Client(proxy) as next_client, contextlib.suppress(OSError):
                next_client.send(command(b"PING"))
                return next_client.receive(5) == b"+PONG"

        wait_until(is_accepted, "that a place becomes free")
        clients[1].is_served()


def a_client_may_leave_while_replies_are_owed(bench):
    for leave in (lambda client: client.socket.close()), Client.reset:
        bench.server.hold()
        with contextlib.ExitStack() as stack:
            stack.callback(bench.server.release)
            leaving = bench.client()
            leaving.send(command(b"HOLD") + command(b"ECHO", b"of the one that left") * 20)
            wait_until(lambda: bench.server.holds == 1, "that the server has the command")
            leave(leaving)
            time.sleep(0.05)
            # One of these may have the place of the one that left.
            others = [stack.enter_context(bench.client()) for _ in range(4)]
            for i, other in enumerate(others):
                other.send(command(b"ECHO", b"of the other %d" % i))
            for other in others:
                other.expect_silence(0.02)
            bench.server.release()
            for i, other in enumerate(others):
                other.expect(bulk(b"of the other %d" % i))
                other.expect_silence(0.01)


def a_frame_beyond_the_limit_is_malformed(bench):
    limit = 20_000
    overhead = len(command(b"SET", b"k", b"x" * limit)) - limit
    with bench.started("--max-frame-bytes", str(limit)) as proxy, Client(proxy) as other:
        largest = b"y" * (limit - overhead)
        expect(b"%d" % len(command(b"SET", b"k", largest)), b"%d" % limit, "the largest frame")
        other.ask(command(b"SET", b"k", largest), b"+OK\r\n")
        other.ask(command(b"GET", b"k"), bulk(largest))
        too_large = command(b"SET", b"k", largest + b"y")
        malformed = {
            too_large: b"frame is larger than the limit",
            too_large[:40]: b"frame is larger than the limit",
            b"*9000\r\n": b"more elements than the limit allows",
            b"PING " + b"x" * limit: b"too big inline request",
        }
        for request, reason in malformed.items():
            with Client(proxy) as client:
                client.send(request)
                expect(client.receive_to_end(), PROTOCOL_ERROR + reason + b"\r\n")
        other.ask(command(b"GET", b"k"), bulk(largest))


def its_own_server_answers(bench):
    with bench.started(upstream=None) as proxy, Client(proxy) as client:
        check(len(proxy.everyone) == 3, f"{len(proxy.everyone)} processes")
        client.ask(command(b"SET", b"k", b"v"), b"+OK\r\n")
        client.ask(command(b"GET", b"k") + b"echo x\r\n", bulk(b"v") + bulk(b"x"))
        client.ask(command(b"DEL", b"k", b"l"), b":1\r\n")
        client.ask(command(b"GET", b"k", b"l"), b"-ERR GET takes a key\r\n")
        client.ask(command(b"PING", b"x", b"y"), b"-ERR PING and ECHO take a text\r\n")


def a_lost_server_is_said_to_every_client(bench):
    server = Server()
    proxy = bench.start(upstream=server)
    try:
        with Client(proxy) as first, Client(proxy) as second:
            first.is_served()
            second.is_served()
            first.send(command(b"BREAK"))
            for client in first, second:
                reply = client.receive_to_end()
                expect(reply, b"-ERR the proxy lost its upstream connection\r\n")
        status = proxy.wait_for_end()
        check(status == 1, f"the proxy's exit status: {status}")
    finally:
        proxy.process.kill()
        proxy.process.communicate()
        server.close()


def run_to_end(bench, *options, **streams):
    """Of a proxy that does not get to serve anyone: its exit status and what it says."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    command_line = [bench.program, "--memory", bench.memory, *options]
    try:
        ended = subprocess.run(command_line, timeout=PATIENCE, text=True, **streams)
    except subprocess.TimeoutExpired:
        raise Failure(f"{options}: the proxy does not end")
    return ended.returncode, ended.stderr


def a_command_line_without_sense_is_refused(bench):
    refused = {
        "--idle 10 --no-load": "--idle: it brings clients of its own",
        "--upstream []:1": "--upstream: '[]:1' is not HOST:PORT",
        "--upstream :1": "--upstream: ':1' is not HOST:PORT",
        "--max-frame-bytes 536870913": "is not a whole number from 64 to 536870912",
        "--value-bytes 1000 --max-frame-bytes 64": "--max-frame-bytes must be at least 1256",
        "--value-bytes 1000 --max-reply-bytes 64": "--max-reply-bytes must be at least 1256",
    }
    for options, reason in refused.items():
        status, said = run_to_end(bench, *options.split(), "--seconds", "1")
        check(status == 2, f"{options}: the exit status is {status}")
        check(reason in said, said)


def output_that_cannot_be_written_is_a_failure(bench):
    for options in ["--no-load"], ["--idle", "10"], ["--seconds", "1"], ["--help"]:
        with open("/dev/full", "w") as full:
            status, said = run_to_end(bench, *options, stdout=full)
        check(status == 1, f"{options}: the exit status is {status}")
        check("standard output takes no more: No space left on device" in said, said)


def a_pool_that_the_system_does_not_give_is_named(bench):
    options = "--no-load", "--memory=pool", "--slots=16777216", "--slot-bytes=67108864"
    status, said = run_to_end(bench, *options)
    check(status == 1, f"the exit status is {status}")
    wanted = "--slots 16777216 of --slot-bytes 67108864 ask for 1125899906842624 bytes"
    check(wanted in said and "choose less" in said, said)


def a_signal_to_all_its_processes_ends_it_well(bench):
    for signal_number in signal.SIGTERM, signal.SIGINT:
        proxy = Proxy(bench.program, "--memory", bench.memory, own_group=True)
        try:
            with Client(proxy) as client:
                client.is_served()
            os.killpg(proxy.process.pid, signal_number)
            status = proxy.wait_for_end()
            check(status == 0, f"{signal_number.name}: the exit status is {status}")
            check("commands answered" in proxy.said, f"{signal_number.name}: no table")
        finally:
            proxy.process.kill()
            proxy.process.communicate()


CHECKS = [
    a_value_comes_back,
    what_the_proxy_does_not_know_is_not_forwarded,
    large_values_come_back,
    requests_arrive_byte_by_byte,
    pipelined_replies_keep_their_order,
    clients_never_see_each_other,
    a_malformed_frame_closes_its_connection_only,
    much_behind_a_malformed_frame_does_not_lose_its_reply,
    half_a_command_does_not_disturb,
    a_client_that_ends_its_input_gets_its_replies,
    a_client_that_does_not_read_is_not_read,
    a_client_with_too_much_unread_is_closed,
    a_client_that_reads_gets_a_reply_beyond_the_limit,
    of_clients_with_too_much_unread_together_the_one_with_most_is_closed,
    of_clients_with_too_much_unfinished_the_one_with_most_is_closed,
    small_replies_that_wait_do_not_keep_their_slots,
    what_follows_a_large_command_does_not_keep_its_slots,
    without_memory_it_says_so_and_ends,
    clients_beyond_the_limit_are_refused,
    a_client_may_leave_while_replies_are_owed,
    a_frame_beyond_the_limit_is_malformed,
    its_own_server_answers,
    a_lost_server_is_said_to_every_client,
    a_command_line_without_sense_is_refused,
    output_that_cannot_be_written_is_a_failure,
    a_pool_that_the_system_does_not_give_is_named,
    a_signal_to_all_its_processes_ends_it_well,
]


class Bench:
    """A server, and a proxy in front of it with the defaults; others can be started."""

    def __init__(self, program, memory, bounded):
        self.program, self.memory, self.bounded = program, memory, bounded
        self.server = Server()
        self.proxy = self.start()

    def client(self, *buffers):
        return Client(self.proxy, *buffers)

    def start(self, *options, upstream="the bench's"):
        server = self.server if upstream == "the bench's" else upstream
        address = ["--upstream", server.address] if server else []
        own = ["--allow", "hold,NESTED", "--allow=BREAK"]  # what only the bench's server knows
        return Proxy(self.program, "--memory", self.memory, *address, *own, *options)

    @contextlib.contextmanager
    def part(self, *options):
        """Its process alone; ends it."""
        upstream = "--upstream", self.server.address
        part = ProxyPart(self.program, "--memory", self.memory, *upstream, *options)
        try:
            yield part
        finally:
            part.process.kill()
            part.process.communicate()

    @contextlib.contextmanager
    def started(self, *options, **upstream):
        proxy = self.start(*options, **upstream)
        try:
            yield proxy
            proxy.stop()
        finally:
            proxy.process.kill()
            proxy.process.communicate()

    def close(self):
        """The default proxy has served all along, and ends well."""
        try:
            self.proxy.stop()
        finally:
            self.proxy.process.kill()
            self.proxy.process.communicate()
            self.server.close()


def run(title, function, counts):
    start = time.monotonic()
    try:
        function()
        result = "passed"
    except (Failure, OSError) as error:
        result = "failed"
        lines = [str(frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        print(f"{title}: {error or type(error).__name__} (lines {', '.join(lines)})")
    counts[result] += 1
    print(f"{result} {title} {time.monotonic() - start:.2f} s", flush=True)


def main():
    program, bounded = sys.argv[1], "--no-memory-bound" not in sys.argv[2:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("it takes too long"))
    signal.alarm(WHOLE_RUN)
    counts = collections.Counter()
    for memory in "pool", "system":
        bench = Bench(program, memory, bounded)
        try:
            for function in CHECKS:
                run(f"{memory}: {function.__name__}", lambda: function(bench), counts)
        finally:
            run(f"{memory}: the proxy ends well", bench.close, counts)
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    sys.exit(bool(counts["failed"]))


main()

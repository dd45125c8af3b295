"""A message bus with firewalld on it, as far as zones of interfaces go: firewalld_bus.py SOCKET LOG

Answers what <https://dbus.freedesktop.org/doc/dbus-specification.html> says a bus does for one client: authentication, Hello, and
the methods getZoneOfInterface, addInterface and removeInterface of org.fedoraproject.FirewallD1.zone. Each call is a line of the log.
A file SOCKET.silent makes it answer nothing, SOCKET.refuses makes addInterface fail.
"""
import os
import socket
import struct
import sys
import threading

path, log = sys.argv[1:3]
zones = {}


def padded(data, boundary):
    return data + b"\0" * (-len(data) % boundary)


def text(value):
    return struct.pack("<I", len(value.encode())) + value.encode() + b"\0"


def header_field(code, kind, value):
    return bytes([code, len(kind)]) + kind.encode() + b"\0" + value


def message(kind, serial, answers, destination, body=(), error=None):
    content = b"".join(padded(text(part), 4) if part is not body[-1] else text(part) for part in body)
    fields = b""
    parts = [header_field(5, "u", struct.pack("<I", answers)), header_field(6, "s", text(destination))]
    if body:
        parts.append(header_field(8, "g", bytes([len(body)]) + b"s" * len(body) + b"\0"))
    if error:
        parts.append(header_field(4, "s", text(error)))
    for part in parts:
        fields = padded(fields, 8) + part
    start = struct.pack("<cBBBII", b"l", kind, 1, 1, len(content), serial)
    return padded(start + struct.pack("<I", len(fields)) + fields, 8) + content


def strings(body, count):
    found, at = [], 0
    for _ in range(count):
        at += -at % 4
        (length,) = struct.unpack_from("<I", body, at)
        found.append(body[at + 4:at + 4 + length].decode())
        at += 5 + length
    return found


def fields_of(data):
    found, at = {}, 0
    while at < len(data):
        at += -at % 8
        code, kind = data[at], chr(data[at + 2])
        at += 4
        if kind == "g":
            found[code] = data[at + 1:at + 1 + data[at]].decode()
            at += data[at] + 2
            continue
        at += -at % 4
        (length,) = struct.unpack_from("<I", data, at)
        if kind == "u":
            found[code], at = length, at + 4
        else:
            found[code], at = data[at + 4:at + 4 + length].decode(), at + 5 + length
    return found


def answer(member, arguments):
    """The string that goes back, or an error with its words."""
    with open(log, "a") as file:
        print(member, *arguments, file=file)
    if member == "Hello":
        return ":1.1"
    if member == "getZoneOfInterface":
        return zones.get(arguments[0], "")
    zone, interface = arguments
    if member == "addInterface":
        if os.path.exists(path + ".refuses"):
            raise PermissionError("ZONE_CONFLICT: no")
        zones[interface] = zone
    else:
        del zones[interface]
    return zone


def serve(client):
    stream = client.makefile("rb")
    stream.read(1)
    while (line := stream.readline()) != b"BEGIN\r\n":
        if not line:
            return
        client.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n" if line.startswith(b"AUTH") else b"ERROR\r\n")
    serial = 0
    while start := stream.read(16):
        _, kind, _, _, size, number, length = struct.unpack("<cBBBIII", start)
        fields = fields_of(stream.read(length + -length % 8)[:length])
        arguments = strings(stream.read(size), len(fields.get(8, "")))
        if kind != 1 or os.path.exists(path + ".silent"):
            continue
        serial += 1
        try:
            reply = message(2, serial, number, ":1.1", (answer(fields[3], arguments),))
        except PermissionError as refusal:
            reply = message(3, serial, number, ":1.1", (str(refusal),), "org.fedoraproject.FirewallD1.Exception")
        client.sendall(reply)


server = socket.socket(socket.AF_UNIX)
os.makedirs(os.path.dirname(path), exist_ok=True)
server.bind(path)
server.listen()
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

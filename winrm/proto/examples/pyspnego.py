#!/usr/bin/env python3
"""Compares our halves of NTLM, SPNEGO and sealing with pyspnego's, in both directions.

  cargo build -p winrm-proto --example tokens
  python3 -m venv V && V/bin/pip install pyspnego cryptography
  V/bin/python winrm/proto/examples/pyspnego.py target/debug/examples/tokens
"""
import base64, hashlib, json, os, pathlib, struct, subprocess, sys, tempfile

import spnego
from spnego.channel_bindings import GssChannelBindings

USER, PASSWORD = "vagrant", "P@ss w0rd-Üñí"
FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "auth"
BOUNDARY = b"--Encrypted Boundary"


class Ours:
    def __init__(self, role, form, certificate, password=PASSWORD):
        arguments = [sys.argv[1], role, form, USER, password] + ([certificate.hex()] if certificate else [])
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command, data=b""):
        self.process.stdin.write(f"{command} {data.hex()}\n" if data else f"{command}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def bytes(self, command, data=b""):
        return bytes.fromhex(self.ask(command, data))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def wrap(context, message):
    sealed = context.wrap_winrm(message)
    head = (f"{BOUNDARY.decode()}\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(message)}\r\n"
            f"{BOUNDARY.decode()}\r\n\tContent-Type: application/octet-stream\r\n")
    return head.encode() + struct.pack("<I", len(sealed.header)) + sealed.header + sealed.data + BOUNDARY + b"--\r\n"


def unwrap(context, body):
    payload = body.split(b"application/octet-stream\r\n", 1)[1]
    assert payload.endswith(BOUNDARY + b"--\r\n")
    payload = payload[: -len(BOUNDARY) - 4]
    length = struct.unpack("<I", payload[:4])[0]
    return context.unwrap_winrm(payload[4 : 4 + length], payload[4 + length :])


def talk(ours, context):
    for round_ in range(3):
        message = f"<Envelope>round {round_} é</Envelope>".encode() * (1 + 500 * round_)
        assert unwrap(context, ours.bytes("seal", message)) == message
        assert ours.bytes("open", wrap(context, message)) == message


def our_client(form, certificate, bindings):
    ours = Ours("client", form, certificate)
    context = spnego.server(hostname="localhost", service="http", channel_bindings=bindings,
                            protocol="ntlm" if form == "bare" else "negotiate")
    challenge = context.step(ours.bytes("begin"))
    final = context.step(ours.bytes("token", challenge))
    assert context.complete
    if final:
        assert ours.ask("finish", final) == "ok"
    if not certificate:
        talk(ours, context)
    ours.close()


def our_acceptor(form, certificate, bindings, password=PASSWORD):
    ours = Ours("acceptor", form, certificate)
    context = spnego.client(USER, password, hostname="localhost", service="http", channel_bindings=bindings,
                            protocol="ntlm" if form == "bare" else "negotiate",
                            options=spnego.NegotiateOptions.use_ntlm if form == "bare" else
                            spnego.NegotiateOptions.use_negotiate)
    token = context.step()
    while True:
        answer = ours.ask("token", token)
        if answer.startswith("refused"):
            ours.close()
            return answer
        if answer.startswith("accepted"):
            _, user, *final = answer.split(" ")
            assert user == USER
            if final:
                context.step(bytes.fromhex(final[0]))
            break
        token = context.step(bytes.fromhex(answer))
    assert context.complete
    if not certificate:
        talk(ours, context)
    ours.close()
    return answer


def main():
    vector = json.loads((FIXTURES / "cbt_certs.json").read_text())["vectors"][2]
    der = base64.b64decode(vector["cert_der_b64"])
    right = GssChannelBindings(application_data=b"tls-server-end-point:" + hashlib.sha256(der).digest())
    wrong = GssChannelBindings(application_data=b"tls-server-end-point:" + hashlib.sha256(b"x").digest())
    with tempfile.NamedTemporaryFile("w", suffix=".users") as users:
        users.write(f":{USER}:{PASSWORD}\n")
        users.flush()
        os.environ["NTLM_USER_FILE"] = users.name
        for form in ("bare", "spnego"):
            for certificate, bindings in ((None, None), (der, right)):
                our_client(form, certificate, bindings)
                print(f"our client, {form}, {'channel binding' if certificate else 'sealed'}: ok")
            try:
                our_client(form, der, wrong)
                raise AssertionError("pyspnego took a wrong channel binding")
            except spnego.exceptions.SpnegoError:
                print(f"our client, {form}, wrong channel binding: refused by pyspnego")
    os.environ.pop("NTLM_USER_FILE")
    for form in ("bare", "spnego"):
        for certificate, bindings in ((None, None), (der, right)):
            answer = our_acceptor(form, certificate, bindings)
            assert answer.startswith("accepted"), answer
            print(f"our acceptor, {form}, {'channel binding' if certificate else 'sealed'}: ok")
        for name, arguments in (("wrong binding", (der, wrong)), ("no binding", (der, None)),
                                ("wrong password", (der, right, "wrong"))):
            answer = our_acceptor(form, *arguments)
            assert answer.startswith("refused"), answer
            print(f"our acceptor, {form}, {name}: {answer}")


if __name__ == "__main__":
    main()

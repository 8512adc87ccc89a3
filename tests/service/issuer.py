# SPDX-License-Identifier: GPL-3.0-or-later
"""issuer.py - an OpenID provider that lies when a test wants it to

An `Issuer` serves a discovery document, keys, a token endpoint and userinfo
on a port of loopback. By itself it is honest: it gives a code for a request of
authorization, checks who comes with it (client, PKCE verifier, redirect) and
signs what it says. A test may replace every piece: `forge` makes the ID token
from honest claims, `answers` holds what a path answers instead, `published`
are the keys that it shows, `key` the one that signs, and `ec` and `ed` are
others that could.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
)

CLIENT = "cumae of the tests"
CLIENT_SECRET = "a secret: with % and + in it"
AUDIENCE = "https://cumae.test"


def b64(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number64(number: int, length: int) -> str:
    """Return an unsigned number as JWK writes it."""
    return b64(number.to_bytes(length, "big"))


@dataclass
class Key:
    """A key that signs with RS256, ES256 or EdDSA."""

    alg: str = "RS256"
    kid: str = field(default_factory=lambda: secrets.token_hex(8))
    bits: int = 2048

    def __post_init__(self):
        self.private = {
            "RS256": lambda: rsa.generate_private_key(65537, self.bits),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[self.alg]()

    @property
    def pem(self) -> bytes:
        """The public key as PEM."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )

    @property
    def jwk(self) -> dict:
        """The public key as a JWK."""
        public = self.private.public_key()
        jwk = {"kid": self.kid, "alg": self.alg, "use": "sig"}
        if self.alg == "RS256":
            numbers = public.public_numbers()
            n = number64(numbers.n, self.bits // 8)
            return {**jwk, "kty": "RSA", "n": n, "e": "AQAB"}
        if self.alg == "ES256":
            numbers = public.public_numbers()
            x, y = number64(numbers.x, 32), number64(numbers.y, 32)
            return {**jwk, "kty": "EC", "crv": "P-256", "x": x, "y": y}
        x = b64(public.public_bytes_raw())
        return {**jwk, "kty": "OKP", "crv": "Ed25519", "x": x}

    def signature(self, data: bytes) -> bytes:
        """Sign as JWS does: for ES256 that is r and s, 32 bytes each."""
        if self.alg == "RS256":
            return self.private.sign(
                data, padding.PKCS1v15(), hashes.SHA256())
        if self.alg == "ES256":
            der = self.private.sign(data, ec.ECDSA(hashes.SHA256()))
            r, s = decode_dss_signature(der)
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(data)

    def sign(self, claims, **header) -> str:
        """Return a JWT of these claims (or bytes); None leaves out a field."""
        fields = {"alg": self.alg, "kid": self.kid, "typ": "JWT", **header}
        return compact(fields, claims, self.signature)


def compact(header, claims, signature) -> str:
    """Return a JWT; header and claims are objects or bytes."""
    if isinstance(header, dict):
        header = {k: v for k, v in header.items() if v is not None}
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode()
        for part in (header, claims)
    ]
    signed = ".".join(b64(part) for part in parts)
    return f"{signed}.{b64(signature(signed.encode()))}"


def hs256(secret: bytes, claims: dict, **header) -> str:
    """Return a JWT with a MAC where a signature is wanted."""

    def mac(data):
        code = hmac.HMAC(secret, hashes.SHA256())
        code.update(data)
        return code.finalize()

    return compact({"alg": "HS256", "typ": "JWT", **header}, claims, mac)


# What a key of RSA takes to make is paid once.
_KEYS = Key("RS256"), Key("ES256"), Key("EdDSA")


@dataclass
class Grant:
    """What a code stands for."""

    asked: dict  # the parameters of the request of authorization
    claims: dict
    userinfo: dict
    forge: object


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict
    body: bytes


class Issuer:
    """A provider in threads of its own; close() ends it, start() goes on."""

    def __init__(self):
        self.key, self.ec, self.ed = _KEYS
        self.port = 0
        self.requests = []
        self.secrets = {CLIENT_SECRET}  # what nobody else may ever read
        self._lock = threading.Lock()
        self._grants = {}
        self._userinfo = {}
        self.start()
        self.be_honest()

    @property
    def url(self) -> str:
        """The identifier of the issuer."""
        return f"http://127.0.0.1:{self.port}"

    def be_honest(self) -> None:
        """Forget all lies, but not the key."""
        self.published = [key.jwk for key in (self.key, self.ec, self.ed)]
        self.answers = {}

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02},
            daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Go away."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def count(self, path: str) -> int:
        """Return how often somebody asked for this path."""
        with self._lock:
            return sum(one.path == path for one in self.requests)

    # ---- what it says -------------------------------------------------------

    def discovery(self, **changes) -> dict:
        """Return the discovery document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": self.url + "/authorize",
            "token_endpoint": self.url + "/token",
            "userinfo_endpoint": self.url + "/userinfo",
            "jwks_uri": self.url + "/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            **changes,
        }

    def claims(self, **changes) -> dict:
        """Return what an ID token says; None leaves out a claim."""
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": "somebody", "aud": CLIENT,
            "iat": now, "exp": now + 300, **changes,
        }
        return {k: v for k, v in claims.items() if v is not None}

    def machine(self, scope="cumae.read cumae.ask", **changes) -> dict:
        """Return what an access token says."""
        return self.claims(
            **{"aud": AUDIENCE, "sub": "robot", "scope": scope, **changes})

    def consent(self, location: str, userinfo=None, forge=None, **claims):
        """Somebody signs in: return the query that leads back to the client.

        location  where the client sent the browser
        forge     makes the ID token from honest claims; signs them if None
        """
        target = urlsplit(location)
        assert f"{target.scheme}://{target.netloc}" == self.url
        assert target.path == "/authorize"
        asked = dict(parse_qsl(target.query, strict_parsing=True))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        assert "openid" in asked["scope"].split()
        claims = self.claims(**{"nonce": asked["nonce"], **claims})
        code = self.secret()
        with self._lock:
            self.secrets |= {asked["nonce"], asked["state"]}
            self._grants[code] = Grant(
                asked, claims, {"sub": claims.get("sub"), **(userinfo or {})},
                forge or self.key.sign)
        return {"code": code, "state": asked["state"]}

    def secret(self) -> str:
        """Return a secret that nobody may log."""
        made = secrets.token_urlsafe(24)
        with self._lock:
            self.secrets.add(made)
        return made

    # ---- what it is asked ---------------------------------------------------

    def answer(self, asked: Asked):
        """Return (status, headers, body) for a request."""
        with self._lock:
            self.requests.append(asked)
        if asked.path in self.answers:
            answer = self.answers[asked.path]
            return answer(asked) if callable(answer) else answer
        return {
            "/.well-known/openid-configuration":
                lambda _: ok(self.discovery()),
            "/jwks": lambda _: ok({"keys": self.published}),
            "/token": self.token,
            "/userinfo": self.userinfo,
        }.get(asked.path, lambda _: (404, {}, b""))(asked)

    def token(self, asked: Asked):
        """Trade a code for tokens, once, with whom it was made for."""
        form = dict(parse_qsl(asked.body.decode(), strict_parsing=True))
        with self._lock:
            grant = self._grants.pop(form.get("code"), None)
        basic = base64.b64decode(
            asked.headers.get("authorization", "").removeprefix("Basic "))
        client = [unquote_plus(part) for part in basic.decode().split(":")]
        if client != [CLIENT, CLIENT_SECRET]:
            return refusal(401, "invalid_client")
        if not grant or form.get("grant_type") != "authorization_code":
            return refusal(400, "invalid_grant")
        verifier = form.get("code_verifier", "")
        digest = hashlib.sha256(verifier.encode()).digest()
        if (b64(digest) != grant.asked["code_challenge"]
                or not 43 <= len(verifier) <= 128
                or form.get("redirect_uri") != grant.asked["redirect_uri"]):
            return refusal(400, "invalid_grant")
        access, token = self.secret(), grant.forge(grant.claims)
        with self._lock:
            self.secrets |= {verifier, token} - {""}
            self._userinfo[access] = grant.userinfo
        return ok({
            "access_token": access, "token_type": "Bearer",
            "expires_in": 300, "id_token": token,
        })

    def userinfo(self, asked: Asked):
        """Say more about who signed in."""
        access = asked.headers.get("authorization", "").removeprefix("Bearer ")
        with self._lock:
            claims = self._userinfo.get(access)
        return ok(claims) if claims else refusal(401, "invalid_token")


def ok(body):
    """Answer with JSON; bytes are sent as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return 200, {"Content-Type": "application/json"}, raw


def refusal(status: int, error: str):
    """Answer as OAuth says no."""
    return status, {}, json.dumps({"error": error}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_):
        pass  # a client that would not wait


def _handler(issuer: Issuer):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            headers = {k.lower(): v for k, v in self.headers.items()}
            path = urlsplit(self.path).path
            status, more, body = issuer.answer(
                Asked(self.command, path, headers, self.rfile.read(length)))
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _serve

        def log_message(self, *_):
            pass

    return Handler

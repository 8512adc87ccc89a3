# SPDX-License-Identifier: GPL-3.0-or-later
"""forgeries.py - tokens that must be refused, and odd ones that must not

Each entry is a function of (issuer, claims) that returns a token: `claims` are
those of an honest one, `issuer.key` signs with RS256, `issuer.ec` with ES256
and `issuer.ed` with EdDSA; all three are published. Nothing here knows whether
it is an ID token or an access token.

Clocks may disagree by 60 s. Where a token is only just good or only just too
old, time that passes in between moves it the same way.
"""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from issuer import Key, b64, compact, hs256

_stranger = Key()


def changed(**changes):
    """Sign honestly what is not true; None leaves out a claim."""

    def forge(issuer, claims):
        claims = {**claims, **changes}
        return issuer.key.sign(
            {k: v for k, v in claims.items() if v is not None})

    return forge


def shifted(**seconds):
    """Sign claims that are so many seconds from now."""

    def forge(issuer, claims):
        now = int(time.time())
        times = {k: now + after for k, after in seconds.items()}
        return issuer.key.sign({**claims, **times})

    return forge


def headed(**header):
    """Sign with another header; None leaves out a field."""
    return lambda issuer, claims: issuer.key.sign(claims, **header)


def raw(text, without=()):
    """Sign a text in place of claims; {claims} are those, without braces."""

    def forge(issuer, claims):
        kept = {k: v for k, v in claims.items() if k not in without}
        inner = json.dumps(kept)[1:-1]
        return issuer.key.sign(text.replace("{claims}", inner).encode())

    return forge


def spelled(change):
    """Change the text of a good token."""
    return lambda issuer, claims: change(issuer.key.sign(claims))


def unsigned(alg):
    """Sign with nothing."""
    return lambda issuer, claims: compact(
        {"alg": alg, "kid": issuer.key.kid}, claims, lambda _: b"")


def maced(secret):
    """Sign with HS256 and what everybody knows."""
    return lambda issuer, claims: hs256(
        secret(issuer), claims, kid=issuer.key.kid)


def signed(key, change):
    """Change the bytes of a signature."""

    def forge(issuer, claims):
        one = getattr(issuer, key)
        header = {"alg": one.alg, "kid": one.kid}
        return compact(
            header, claims, lambda data: change(one.signature(data)))

    return forge


def by_stranger(**header):
    """Sign with a key that nobody published."""

    def forge(issuer, claims):
        fields = {"kid": issuer.key.kid, **header}
        return _stranger.sign(claims, **fields)

    return forge


def tampered(issuer, claims):
    """Say something else than what was signed."""
    header, _, signature = issuer.key.sign(claims).split(".")
    other = {**claims, "sub": "root"}
    return f"{header}.{b64(json.dumps(other).encode())}.{signature}"


def der(issuer, claims):
    """Sign with ES256, but as X.509 does."""
    return compact(
        {"alg": "ES256", "kid": issuer.ec.kid}, claims,
        lambda data: issuer.ec.private.sign(data, ec.ECDSA(hashes.SHA256())))


def pss(issuer, claims):
    """Sign with PS256 and call it RS256."""
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return compact(
        {"alg": "RS256", "kid": issuer.key.kid}, claims,
        lambda data: issuer.key.private.sign(data, scheme, hashes.SHA256()))


def sha1(issuer, claims):
    """Sign with a hash that is broken."""
    return compact(
        {"alg": "RS256", "kid": issuer.key.kid}, claims,
        lambda data: issuer.key.private.sign(
            data, padding.PKCS1v15(), hashes.SHA1()))


def jwk_text(issuer):
    """Return the public key as the issuer publishes it."""
    return json.dumps(issuer.key.jwk).encode()


def modulus(issuer):
    """Return the bytes of n of the public key."""
    text = issuer.key.jwk["n"]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


REFUSED = {
    "expired": shifted(iat=-361, exp=-61),
    "no expiry": changed(exp=None),
    "expiry in words": changed(exp="tomorrow"),
    "expiry as text": changed(exp=str(2**40)),
    "expiry beyond numbers": raw('{{claims},"exp":1e999}', ["exp"]),
    "expiry before time": changed(exp=-1),
    "not yet valid": shifted(nbf=90),
    "validity in words": changed(nbf="now"),
    "issued in the future": shifted(iat=90, exp=300),
    "for somebody else": changed(aud="somebody else"),
    "for others": changed(aud=["somebody", "else"]),
    "for nobody": changed(aud=[]),
    "for no named one": changed(aud=None),
    "for a number": changed(aud=1),
    "for an object": changed(aud={"0": "cumae"}),
    "of another issuer": changed(iss="https://accounts.example"),
    "of nearly the issuer": lambda issuer, claims: issuer.key.sign(
        {**claims, "iss": issuer.url + "/"}),
    "of no issuer": changed(iss=None),
    "of two issuers": lambda issuer, claims: issuer.key.sign(
        {**claims, "iss": [issuer.url]}),
    "about nobody": changed(sub=None),
    "about an empty name": changed(sub=""),
    "about a number": changed(sub=42),
    "about a list": changed(sub=["somebody"]),
    "about a name with an end inside": changed(sub="root\0x"),
    "about a very long name": changed(sub="x" * 5000),
    "unsigned": unsigned("none"),
    "unsigned, in capitals": unsigned("NONE"),
    "unsigned, in mixed case": unsigned("nOnE"),
    "unsigned, without a name": unsigned(""),
    "unsigned, but said to be signed": unsigned("RS256"),
    "algorithm left out": headed(alg=None),
    "algorithm as a list": headed(alg=["RS256"]),
    "MAC with the public key": maced(lambda issuer: issuer.key.pem),
    "MAC with the public key, stripped": maced(
        lambda issuer: issuer.key.pem.strip()),
    "MAC with the published key": maced(jwk_text),
    "MAC with the modulus": maced(modulus),
    "MAC with nothing": maced(lambda _: b""),
    "MAC with the public key of ES256": maced(lambda issuer: issuer.ec.pem),
    "another algorithm in the header": headed(alg="ES256"),
    "a longer hash in the header": headed(alg="RS512"),
    "a key of another kind": lambda issuer, claims: issuer.key.sign(
        claims, kid=issuer.ec.kid),
    "PSS called PKCS": pss,
    "SHA-1 called SHA-256": sha1,
    "unknown key": headed(kid="unknown"),
    "key of a path": headed(kid="../../../dev/null"),
    "key of a query": headed(kid="' OR '1'='1"),
    "key with a number": headed(kid=1),
    "key with a very long name": headed(kid="k" * 5000),
    "strange signer": by_stranger(),
    "strange signer with its key": by_stranger(jwk=_stranger.jwk, kid=None),
    "strange signer with a certificate": by_stranger(
        x5c=[base64.b64encode(_stranger.pem).decode()]),
    "tampered": tampered,
    "signature with another end": signed(
        "key", lambda s: s[:-1] + bytes([s[-1] ^ 1])),
    "signature cut": signed("key", lambda s: s[:-1]),
    "signature of zeros": signed("key", lambda s: bytes(len(s))),
    "ES256 as DER": der,
    "ES256 too short": signed("ec", lambda s: s[:63]),
    "ES256 too long": signed("ec", lambda s: s + b"\0"),
    "ES256 of zeros": signed("ec", lambda s: bytes(64)),
    "ES256 of nothing": signed("ec", lambda s: b""),
    "EdDSA of zeros": signed("ed", lambda s: bytes(64)),
    "EdDSA too short": signed("ed", lambda s: s[:63]),
    "EdDSA too long": signed("ed", lambda s: s + s),
    "no signature": spelled(lambda t: t.rsplit(".", 1)[0]),
    "four parts": spelled(lambda t: t + ".e30"),
    "five parts": spelled(lambda t: t + ".e30.e30"),
    "dots": lambda *_: "..",
    "no token": lambda *_: "",
    "padded": spelled(lambda t: t + "=="),
    "other alphabet": spelled(lambda t: "+/" + t[2:]),
    "letters beyond ASCII": spelled(lambda t: "é" + t[1:]),
    "something critical": headed(crit=["x"], x=1),
    "not encoded": headed(crit=["b64"], b64=False),
    "subject twice": raw('{{claims},"sub":"root"}'),
    "audience twice": raw('{"aud":"x",{claims}}'),
    "header twice": lambda issuer, claims: compact(
        b'{"alg":"none","alg":"RS256","kid":"%s"}' % issuer.key.kid.encode(),
        claims, issuer.key.signature),
    "header of no object": lambda issuer, claims: compact(
        b'["RS256"]', claims, issuer.key.signature),
    "no JSON": raw("{claims}"),
    "a list": raw("[{{claims}}]"),
    "text behind": raw("{{claims}}x"),
    "not UTF-8": lambda issuer, claims: issuer.key.sign(
        json.dumps(claims)[:-1].encode() + b',"x":"\xff"}'),
    "expiry that is no number": raw('{{claims},"exp":NaN}', ["exp"]),
    "expiry without end": raw('{{claims},"exp":Infinity}', ["exp"]),
    "very deep": raw('{{claims},"x":' + "[" * 4000 + "]" * 4000 + "}"),
    "very large": changed(x="x" * 1_000_000),
}

ACCEPTED = {
    "honest": changed(),
    "signed with ES256": lambda issuer, claims: issuer.ec.sign(claims),
    "signed with EdDSA": lambda issuer, claims: issuer.ed.sign(claims),
    "expired by less than clocks may differ": shifted(iat=-350, exp=-45),
    "valid in less than clocks may differ": shifted(nbf=59),
    "issued by a clock that is ahead": shifted(iat=59),
    "for us in a list": lambda issuer, claims: issuer.key.sign(
        {**claims, "aud": [claims["aud"]]}),
    "half seconds": lambda issuer, claims: issuer.key.sign(
        {**claims, "exp": claims["exp"] + 0.5}),
    "without a type": headed(typ=None),
    "with names in any script": changed(name="Σίβυλλα 🜚", more={"a": [1]}),
}

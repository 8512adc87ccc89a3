# SPDX-License-Identifier: GPL-3.0-or-later
"""test_edge.py - TLS, what a proxy says, rates, and clients that do harm"""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import harness
import httpx
import pytest
from calls import Calls

sys.path.insert(0, str(harness.ROOT / "tests" / "bench"))
import bench_hostile  # noqa: E402

PUBLIC = "https://cumae.example.org"
CHECKED = "abcdefghijklmnopqrstuvwxyz0123"  # 30 characters of a token


def make_certificate(folder, name="localhost", kind="ec"):
    """Make certificate and key, readable by their owner; return both paths."""
    key, certificate = folder / "tls.key", folder / "tls.crt"
    options = {
        "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "rsa": ["-newkey", "rsa:2048"],
    }[kind]
    new = folder / "new.key"
    subprocess.run(
        ["openssl", "req", "-x509", *options, "-noenc", "-days", "2",
         "-subj", f"/CN={name}", "-addext",
         f"subjectAltName=DNS:{name},IP:127.0.0.1",
         "-keyout", new, "-out", certificate],
        check=True, stderr=subprocess.DEVNULL,
    )
    new.chmod(0o600)
    new.rename(key)
    return certificate, key


def trust(certificate):
    """Return a TLS context that believes this certificate only."""
    return ssl.create_default_context(cafile=str(certificate))


def tls_arguments(certificate, key):
    return ["--tls-certificate", str(certificate), "--tls-key", str(key)]


@pytest.fixture
def secure(instances, sqlite_database, tmp_path):
    """A service with TLS of its own."""
    files = make_certificate(tmp_path)
    return instances(
        sqlite_database, arguments=tls_arguments(*files),
        verify=trust(files[0]),
    )


def address_of(service):
    parts = urlsplit(service.url)
    return parts.hostname, parts.port


def name_served(service, context=None):
    """Return the subject of the certificate that a new connection gets."""
    pem = ssl.get_server_certificate(address_of(service))
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-subject"], input=pem, text=True,
        capture_output=True, check=True,
    )
    return shown.stdout.rpartition("=")[2].strip()


# ---- TLS --------------------------------------------------------------------


def test_a_study_lives_over_tls(secure):
    assert secure.url.startswith("https://")
    assert secure.sign_in.startswith(secure.url)
    calls = Calls(secure)
    study = calls.create()
    for trial in calls.ask(study, n=3):
        calls.tell(trial, value=0.5)
    assert calls.study(study)["trials"]["complete"] == 3


def test_links_that_are_handed_out_lead_to_tls(secure):
    calls = Calls(secure)
    name = calls.ok("POST", "/users", {"name": "anna"}, 201)["name"]
    path = f"/studies/{calls.create()['id']}/links"
    for made in (calls.ok("POST", f"/users/{name}/invitation", None, 201),
                 calls.ok("POST", path, {}, 201)):
        assert urlsplit(made["url"]).scheme == "https"


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_large_bodies_pass_over_tls_both_ways(
    instances, sqlite_database, tmp_path, kind
):
    files = make_certificate(tmp_path, kind=kind)
    service = instances(
        sqlite_database, arguments=tls_arguments(*files), verify=trust(files[0])
    )
    calls = Calls(service)
    trial, = calls.ask(calls.create())
    log = {"log": "x" * 200_000}
    calls.tell(trial, value=0.5, outputs=log)
    assert calls.trial(trial)["outputs"] == log


def test_many_requests_in_one_record_are_all_answered(secure):
    """What TLS has decrypted already makes no event on the socket."""
    with socket.create_connection(address_of(secure), 20) as plain:
        with trust_of(secure).wrap_socket(
            plain, server_hostname="localhost"
        ) as tls:
            tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
            seen = b""
            while seen.count(b"HTTP/1.1 200 OK") < 100:
                piece = tls.recv(65536)
                assert piece, seen[-200:]
                seen += piece


def trust_of(service):
    return service.verify


@pytest.mark.parametrize(
    "version, protocol",
    [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")],
)
def test_tls_1_2_and_1_3_are_spoken_with_http_1_1(secure, version, protocol):
    context = trust_of(secure)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(address_of(secure), 20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            assert tls.version() == protocol
            assert tls.selected_alpn_protocol() == "http/1.1"
            assert re.search("GCM|CHACHA20", tls.cipher()[0])


def test_a_handshake_takes_one_round_trip(secure):
    """A server that wants another group than was offered asks again."""
    host, port = address_of(secure)
    tried = subprocess.run(
        ["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_3", "-msg"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )
    assert tried.stdout.count("ServerHello") == 1


@pytest.mark.parametrize(
    "options",
    [
        ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],  # no forward secrecy
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"],  # CBC
    ],
)
def test_what_is_no_longer_safe_is_not_spoken(secure, options):
    host, port = address_of(secure)
    tried = subprocess.run(
        ["openssl", "s_client", "-connect", f"{host}:{port}", *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )
    assert "Cipher is (NONE)" in tried.stdout, tried.stdout + tried.stderr


def test_plain_http_on_the_port_of_tls_disturbs_nobody(secure):
    with socket.create_connection(address_of(secure), 20) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP/1.1" not in plain.recv(1000)
    assert secure.ready()


def test_a_cookie_over_tls_is_secure_and_so_is_the_page(
    instances, sqlite_database, tmp_path
):
    files = make_certificate(tmp_path)
    service = instances(
        sqlite_database, verify=trust(files[0]),
        arguments=[*tls_arguments(*files), "--public-url", PUBLIC],
    )
    answer = service.api("POST", "/session", {"token": service.token},
                         token=None)
    assert "; Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


# ---- certificates change ----------------------------------------------------


def reloads(service, message):
    """Return how many lines of this message the log has."""
    return [line["msg"] for line in service.log()].count(message)


def reload(service, message):
    """Send SIGHUP and wait for the line that says what became of it."""
    before = reloads(service, message)
    service.process.send_signal(signal.SIGHUP)
    harness.wait_until(
        lambda: reloads(service, message) > before, f'"{message}" in the log'
    )


def test_new_certificates_under_load_fail_no_request(secure, tmp_path):
    """Connections live through the change, new ones get the new certificate."""
    stop, faults, counts = threading.Event(), [], []

    def work():
        context = ssl._create_unverified_context()
        host, port = address_of(secure)
        kept = http.client.HTTPSConnection(host, port, context=context)
        n = 0
        while not stop.is_set() or n < 20:
            fresh = http.client.HTTPSConnection(host, port, context=context)
            for connection in (kept, fresh):
                try:
                    connection.request("GET", "/api/v1/info")
                    answer = connection.getresponse()
                    answer.read()
                    assert answer.status == 200
                    n += 1
                except (OSError, AssertionError, http.client.HTTPException) as e:
                    faults.append(repr(e))
                    return
            fresh.close()
        counts.append(n)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(5):
        make_certificate(tmp_path, f"name{number}")
        reload(secure, "certificate read")
        assert name_served(secure) == f"name{number}"
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults and len(counts) == 4


@pytest.mark.parametrize("fault", ["no key", "other key", "open key", "nonsense"])
def test_a_broken_file_keeps_the_old_certificate_and_says_so(
    secure, tmp_path, fault
):
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    if fault == "no key":
        key.unlink()
    elif fault == "other key":
        kept = certificate.read_text()
        make_certificate(tmp_path, "other")
        certificate.write_text(kept)
    elif fault == "open key":
        key.chmod(0o644)
    else:
        certificate.write_text("nonsense")
    reload(secure, "the old certificate stays")
    detail = [line for line in secure.log() if "stays" in line["msg"]][-1]
    assert str(tmp_path) in detail["detail"]
    assert "PRIVATE" not in secure.stderr_path.read_text()
    assert name_served(secure) == "localhost"
    assert secure.api("GET", "/me").status == 200


def refused_start(*arguments):
    """Start a service that must not start; return what it says."""
    ended = subprocess.run(
        [harness.binary(), "--listen", "127.0.0.1:0", *arguments],
        capture_output=True, text=True, timeout=60,
    )
    assert ended.returncode != 0
    return ended.stderr


def test_a_service_does_not_start_with_half_of_tls(sqlite_database, tmp_path):
    certificate, key = make_certificate(tmp_path)
    base = ["--database", sqlite_database]
    said = refused_start(*base, "--tls-certificate", certificate)
    assert "tls_certificate and tls_key are needed both" in said
    key.chmod(0o644)
    said = refused_start(*base, *tls_arguments(certificate, key))
    assert "must not be readable by everybody" in said


def test_without_tls_a_hangup_changes_nothing(instances, sqlite_database):
    service = instances(sqlite_database)
    service.process.send_signal(signal.SIGHUP)
    assert service.api("GET", "/me").status == 200


# ---- behind a proxy ---------------------------------------------------------


@pytest.fixture
def proxied(instances, sqlite_database):
    """A service that trusts 127.0.0.0/8 and wants to be reached by https."""
    return instances(
        sqlite_database,
        arguments=["--public-url", PUBLIC, "--trusted-proxies",
                   "10.0.0.0/8,127.0.0.0/8"],
    )


def through(service, method, path, scheme, token=None, **headers):
    """Send a request as a proxy that says how the client came."""
    if scheme:
        headers["X-Forwarded-Proto"] = scheme
    return service.api(method, path, token=token, headers=headers)


def test_plain_http_without_a_secret_is_sent_to_https(proxied):
    answer = through(proxied, "GET", "/api/v1/info?a=%2F%0A", "http")
    assert answer.status == 308
    assert answer.headers["location"] == PUBLIC + "/api/v1/info?a=%2F%0A"
    assert answer.json["code"] == "elsewhere"
    assert "strict-transport-security" not in answer.headers


def test_plain_http_with_a_secret_is_refused_and_told_why(proxied):
    for method, path in (("GET", "/me"), ("POST", "/studies")):
        answer = through(proxied, method, path, "http", token=proxied.token)
        assert answer.status == 403
        assert "not encrypted" in answer.json["detail"]
        assert PUBLIC in answer.json["detail"]
    answer = through(proxied, "POST", f"/api/ask/{proxied.token}", "http")
    assert answer.status == 403 and "not encrypted" in answer.json["detail"]


@pytest.mark.parametrize("scheme", ["https", "HTTPS", None])
def test_a_trusted_proxy_is_believed_about_tls(proxied, scheme):
    answer = through(proxied, "GET", "/me", scheme, token=proxied.token)
    assert answer.status == 200
    assert answer.headers["strict-transport-security"]


def test_probes_need_no_tls(proxied):
    for path in ("/healthz", "/readyz", "/metrics"):
        assert through(proxied, "GET", path, "http").status == 200


def test_who_is_no_proxy_cannot_claim_tls(instances, sqlite_database):
    service = instances(
        sqlite_database,
        arguments=["--public-url", PUBLIC, "--trusted-proxies", "10.0.0.0/8"],
    )
    answer = through(service, "GET", "/api/v1/info", "https")
    assert answer.status == 403
    assert "127.0.0.1 is not in trusted_proxies" in answer.json["detail"]
    assert through(service, "GET", "/api/v1/info", None).status == 308


def test_a_service_that_promised_nothing_is_reached_by_plain_http(
    instances, sqlite_database
):
    service = instances(sqlite_database)
    answer = service.api("GET", "/me")
    assert answer.status == 200
    assert "strict-transport-security" not in answer.headers


def test_hsts_can_be_turned_off(instances, sqlite_database):
    service = instances(
        sqlite_database,
        arguments=["--public-url", PUBLIC, "--trusted-proxies", "127.0.0.1",
                   "--hsts-s", "0"],
    )
    answer = through(service, "GET", "/api/v1/info", "https")
    assert answer.status == 200
    assert "strict-transport-security" not in answer.headers


def test_a_redirect_leads_nowhere_else(proxied):
    host, port = address_of(proxied)
    for target in ("//evil.example/x", "http://evil.example/x", "/\\evil"):
        with socket.create_connection((host, port), 20) as raw:
            raw.sendall(
                f"GET {target} HTTP/1.1\r\nHost: evil.example\r\n"
                "X-Forwarded-Proto: http\r\nConnection: close\r\n\r\n".encode()
            )
            said = b"".join(iter(lambda: raw.recv(65536), b"")).decode()
        location = re.search(r"(?im)^location: (.*?)\r$", said).group(1)
        assert location.startswith(PUBLIC + "/")


# ---- headers ----------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/info", "/api/v1/none", "/api/v1/me", "/%ff"]
)
def test_every_answer_has_the_headers_of_a_careful_site(shared, path):
    answer = shared.api("GET", path, token=None, validate=False)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert not {"server", "x-powered-by", "via"} & set(answer.headers)


def test_other_sites_are_given_no_leave_to_read(shared):
    for method in ("GET", "OPTIONS"):
        answer = shared.api(
            method, "/api/v1/info", validate=False,
            headers={"Origin": "https://evil.example",
                     "Access-Control-Request-Method": "POST"},
        )
        assert not [h for h in answer.headers if h.startswith("access-control")]


def test_an_error_shows_input_only_as_json(shared):
    answer = shared.api("GET", "/api/v1/%3Cscript%3E%22%5C%01")
    assert answer.headers["content-type"] == "application/problem+json"
    # A character that controls a terminal is not repeated.
    assert json.loads(answer.text)["detail"].endswith('<script>"\\ ')


# ---- rates ------------------------------------------------------------------


def limited(instances, database, **settings):
    """Start a service with these settings."""
    arguments = [
        word for name, value in settings.items()
        for word in (f"--{name}", str(value))
    ]
    return instances(database, arguments=arguments)


def statuses(service, n, path="/me", **options):
    return [service.api("GET", path, **options).status for _ in range(n)]


def test_a_user_who_asks_too_often_hears_when_to_come_back(
    instances, sqlite_database
):
    service = limited(instances, sqlite_database, requests_per_minute=6)
    assert statuses(service, 6) == [200] * 6
    answer = service.api("GET", "/me")
    assert answer.status == 429 and answer.json["code"] == "rate"
    assert "6 requests of one user" in answer.json["detail"]
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    # The others, and those who are nobody, are not meant.
    assert service.api("GET", "/info", token=None).status == 200
    metrics = service.api("GET", "/metrics").text
    assert "cumae_requests_limited_total 1\n" in metrics


def test_an_address_is_limited_before_anything_is_looked_up(
    instances, sqlite_database
):
    service = limited(
        instances, sqlite_database, requests_per_minute_per_address=10,
        trusted_proxies="127.0.0.1",
    )

    def statuses_of(address, n):
        return statuses(service, n, "/info", token=None, validate=False,
                        headers={"X-Forwarded-For": address})

    assert statuses_of("203.0.113.1", 12) == [200] * 10 + [429] * 2
    assert statuses_of("203.0.113.2", 1) == [200]
    # One IPv6 network is one client.
    assert statuses_of("2001:db8::1", 10) == [200] * 10
    assert statuses_of("2001:db8::2", 1) == [429]
    assert statuses_of("2001:db8:0:1::1", 1) == [200]
    for path in ("/healthz", "/readyz", "/metrics"):
        assert statuses(service, 1, path) == [200]


def test_jobs_of_hopaas_are_never_told_to_wait(instances, sqlite_database):
    """Their client takes any other answer for the end of the job."""
    service = limited(
        instances, sqlite_database, requests_per_minute=1,
        requests_per_minute_per_address=1, failed_per_minute=1,
    )
    path = f"/api/get_best_trial/{service.token}"
    seen = {service.api("GET", path).status for _ in range(5)}
    assert 429 not in seen
    seen = [service.api("GET", f"/api/get_best_trial/{wrong_token(i)}").status
            for i in range(5)]
    assert seen == [seen[0]] * 5 and seen[0] != 429


def wrong_token(number):
    """Return a token with a right checksum that is nobody's."""
    digits = ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
              "abcdefghijklmnopqrstuvwxyz")
    text = f"cum_{CHECKED[:-4]}{number:04}"
    import zlib

    crc, check = zlib.crc32(text.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        check = digits[digit] + check
    return text + check


def test_guessing_tokens_is_stopped_and_others_go_on(
    instances, sqlite_database
):
    service = limited(instances, sqlite_database, failed_per_minute=5)
    assert service.api("GET", "/me").status == 200
    seen = [service.api("GET", "/me", token=wrong_token(i)).status
            for i in range(7)]
    assert seen == [401] * 5 + [429] * 2
    # Whoever is known from before goes on, at the same address.
    assert service.api("GET", "/me").status == 200
    # So does the sign-in stop.
    answer = service.api("POST", "/session", {"token": wrong_token(99)},
                         token=None)
    assert answer.status == 429 and answer.headers["retry-after"]


def test_a_thousand_jobs_with_one_old_token_use_up_one_guess(
    instances, sqlite_database
):
    service = limited(instances, sqlite_database, failed_per_minute=2)
    token = wrong_token(1)
    assert [service.api("GET", "/me", token=token).status
            for _ in range(50)] == [401] * 50
    assert service.api("GET", "/me", token=wrong_token(2)).status == 401
    # What is no token at all was never looked up.
    assert service.api("GET", "/me", token="nonsense").status == 401
    assert service.api("GET", "/me", token=wrong_token(3)).status == 429


def test_limits_that_are_off_limit_nothing(instances, sqlite_database):
    service = limited(
        instances, sqlite_database, requests_per_minute=0,
        requests_per_minute_per_address=0, failed_per_minute=0,
    )
    assert {service.api("GET", "/me", token=wrong_token(i)).status
            for i in range(100)} == {401}


# ---- clients that do harm ---------------------------------------------------


def test_who_never_reads_is_released(instances, sqlite_database):
    service = limited(instances, sqlite_database, send_s=1)
    study = bench_hostile.create_study(service, 500)
    host, port = address_of(service)
    deaf = []
    for _ in range(4):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect((host, port))
        one.sendall(
            f"GET /api/v1/studies/{study}/export HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {service.token}\r\n\r\n".encode()
        )
        deaf.append(one)
    harness.wait_until(
        lambda: bench_hostile.connections(service) >= 5, "the deaf ones")
    # What is left is the connection that asks.
    harness.wait_until(
        lambda: bench_hostile.connections(service) == 1, "their end")
    for one in deaf:
        one.close()


def test_new_clients_get_in_when_all_places_are_taken(
    instances, sqlite_database
):
    service = limited(instances, sqlite_database, max_connections=64)
    calls = Calls(service)
    study = calls.create()  # this connection is known to be a user's
    crowd = [socket.create_connection(address_of(service))
             for _ in range(200)]
    with httpx.Client(timeout=30) as newcomer:
        answer = newcomer.get(service.url + "/healthz")
    assert answer.status_code == 200
    assert bench_hostile.connections(service) <= 64
    calls.ask(study)
    for one in crowd:
        one.close()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_asks_go_on_among_hostile_clients(
    instances, sqlite_database, tmp_path, tls
):
    """The short form of make bench-hostile, with bounds for any machine."""
    files = make_certificate(tmp_path)
    service = instances(
        sqlite_database, verify=False,
        arguments=tls_arguments(*files) if tls else [],
    )
    large = bench_hostile.create_study(service, 200)
    worker = bench_hostile.Worker(
        service, bench_hostile.create_study(service, 0))
    sizes = {"headers": 60, "bodies": 60, "idle": 100, "deaf": 5}
    with bench_hostile.crowd(service, large, sizes) as met:
        figures = worker.work(1.5)
        assert bench_hostile.connections(service) > 200
    assert figures["asks"] >= 10
    assert figures["p50"] < 1000 and figures["fresh_p99"] < 5000
    assert met["refused"] == 0


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(
    instances, sqlite_database
):
    service = instances(sqlite_database)
    limits = Path(f"/proc/{service.process.pid}/limits").read_text()
    soft, hard = re.search(r"Max open files +(\d+) +(\d+)", limits).groups()
    assert soft == hard

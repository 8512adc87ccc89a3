# SPDX-License-Identifier: GPL-3.0-or-later
"""test_sharing.py - studies that several people have, over HTTP

Who may call what is in test_permissions.py; here is what sharing does.
"""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import cumae
import harness
import httpx
import stored_people
import pytest
from calls import Calls, definition
from test_events import Waiting, events_of

GUARD = {"X-Cumae-CSRF": "1"}


class Person(Calls):
    """The calls of one user."""

    def __init__(self, service, token):
        def api(method, path, json=None, **options):
            return service.api(method, path, json, **{"token": token, **options})

        self.service = SimpleNamespace(url=service.url, token=token)
        self.api = api

    def share(self, study, role, **who):
        """Give somebody a role."""
        self.ok("PUT", f"/studies/{study['id']}/members",
                {**who, "role": role})

    def unshare(self, study, query):
        """Take it away."""
        self.ok("DELETE", f"/studies/{study['id']}/members?{query}", status=204)

    def listed(self, query=""):
        """Return {id: role} of the studies in the list."""
        found = self.ok("GET", f"/studies?limit=1000{query}")["studies"]
        return {study["id"]: study["role"] for study in found}

    def status(self, method, path, body=None):
        """Return the status alone."""
        return self.api(method, path, body).status


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowd(request, tmp_path_factory):
    """A service with Anna, Bert and Cleo, on each database."""
    directory = tmp_path_factory.mktemp("sharing")
    postgres = None
    url = f"sqlite:{directory / 'cumae.db'}"
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")
        url = postgres.create()
    service = harness.Service(url, directory).start()
    try:
        tokens = stored_people.add_users(service, ["anna", "bert", "cleo"])
        yield SimpleNamespace(
            service=service, admin=Person(service, service.token),
            **{name: Person(service, token) for name, token in tokens.items()})
        assert service.terminate() == 0
    finally:
        service.close()
    if postgres:
        postgres.drop(url)


def path_of(study, rest=""):
    return f"/studies/{study['id']}{rest}"


# ---- members ----------------------------------------------------------------


def test_a_shared_study_shows_its_owner_and_your_role(crowd):
    study = crowd.anna.create()
    assert (study["owner"], study["role"]) == ("anna", "owner")
    assert crowd.bert.status("GET", path_of(study)) == 404
    crowd.anna.share(study, "worker", user="bert")
    seen = crowd.bert.study(study)
    assert (seen["owner"], seen["role"]) == ("anna", "worker")
    trial, = crowd.bert.ask(study)
    crowd.bert.tell(trial, value=1)
    assert crowd.bert.status("POST", path_of(study, "/pause")) == 403
    crowd.anna.share(study, "editor", user="bert")
    assert crowd.bert.status("POST", path_of(study, "/pause")) == 200
    crowd.anna.unshare(study, "user=bert")
    assert crowd.bert.status("GET", path_of(study)) == 404


def test_a_refusal_names_the_role_that_is_needed(crowd):
    study = crowd.anna.create()
    crowd.anna.share(study, "viewer", user="bert")
    answer = crowd.bert.api("POST", path_of(study, "/ask"), {})
    assert answer.status == 403
    assert "worker" in answer.json["detail"]
    assert "viewer" in answer.json["detail"]


def test_a_study_asked_for_by_its_definition_is_your_own(crowd):
    wanted = definition()
    of_anna = crowd.anna.ok("POST", "/ask", {"study": wanted})["study_id"]
    crowd.anna.share({"id": of_anna}, "worker", user="bert")
    of_bert = crowd.bert.ok("POST", "/ask", {"study": wanted})["study_id"]
    assert of_anna != of_bert


def test_a_study_that_was_passed_on_is_not_asked_by_who_left(crowd):
    wanted = definition()
    study = {"id": crowd.anna.ok("POST", "/ask", {"study": wanted})["study_id"]}
    crowd.anna.share(study, "owner", user="bert")
    crowd.bert.unshare(study, "user=anna")
    assert crowd.bert.study(study)["owner"] == "bert"
    assert crowd.anna.status("GET", path_of(study)) == 404
    assert crowd.bert.status(
        "DELETE", path_of(study, "/members?user=bert")) == 409
    anew = crowd.anna.ok("POST", "/ask", {"study": wanted})["study_id"]
    assert anew != study["id"]
    last = events_of(crowd.bert, study)["events"][-1]
    assert (last["event"], last["by"]) == ("study_changed", "bert")


def test_members_are_listed_and_repeats_are_harmless(crowd):
    study = crowd.anna.create()
    for _ in range(2):
        crowd.anna.share(study, "viewer", user="cleo")
    members = crowd.anna.ok("GET", path_of(study, "/members"))["members"]
    assert members == [
        {"user": "anna", "group": None, "role": "owner"},
        {"user": "cleo", "group": None, "role": "viewer"},
    ]
    crowd.anna.unshare(study, "user=cleo")
    assert crowd.anna.status(
        "DELETE", path_of(study, "/members?user=cleo")) == 404


def test_no_ask_is_accepted_once_the_right_is_taken_away(crowd):
    study = crowd.anna.create()
    url = f"{crowd.service.url}/api/v1{path_of(study, '/ask')}"
    token = crowd.bert.service.token
    for _ in range(5):
        crowd.anna.share(study, "worker", user="bert")
        began, over = [], threading.Event()

        def ask_on():
            with httpx.Client(headers={"Authorization": f"Bearer {token}"},
                              timeout=60) as line:
                while not over.is_set():
                    sent = time.monotonic()
                    began.append((sent, line.post(url, json={}).status_code))

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask_on) for _ in range(4)]
            harness.wait_until(
                lambda: sum(s == 200 for _, s in list(began)) > 20, "asks")
            crowd.anna.unshare(study, "user=bert")
            taken = time.monotonic()
            harness.wait_until(
                lambda: sum(sent > taken for sent, _ in list(began)) > 20,
                "asks after the end")
            over.set()
            for each in asking:
                each.result()
        assert {s for sent, s in began if sent > taken} == {404}
        assert {s for _, s in began} == {200, 404}


# ---- groups -----------------------------------------------------------------


@pytest.fixture
def team(crowd):
    """A group of Anna and Bert, gone after the test."""
    made = crowd.admin.ok(
        "POST", "/groups", {"name": "/atlas/ttH team"}, 201)
    for user in ("anna", "bert"):
        crowd.admin.ok("PUT", f"/groups/{made['id']}/members", {"user": user},
                       status=204)
    yield made
    crowd.admin.api("DELETE", f"/groups/{made['id']}")


def test_what_a_group_has_its_members_have(crowd, team):
    study = crowd.anna.create()
    crowd.anna.share(study, "worker", group=team["name"])
    assert crowd.bert.study(study)["role"] == "worker"
    assert crowd.cleo.status("GET", path_of(study)) == 404
    at = f"/groups/{team['id']}/members"
    crowd.admin.ok("PUT", at, {"user": "cleo"}, status=204)
    assert crowd.cleo.study(study)["role"] == "worker"
    crowd.admin.ok("DELETE", at + "?user=cleo", status=204)
    assert crowd.cleo.status("GET", path_of(study)) == 404


def test_one_sees_ones_own_groups_and_names_no_others(crowd, team):
    mine = crowd.bert.ok("GET", "/groups")["groups"]
    assert [group["name"] for group in mine] == [team["name"]]
    assert crowd.cleo.ok("GET", "/groups")["groups"] == []
    every = crowd.admin.ok("GET", "/groups?limit=1")
    assert len(every["groups"]) == 1 and every["next"] == team["name"]
    study = crowd.cleo.create()
    for group in (team["name"], "no such group"):
        answer = crowd.cleo.api("PUT", path_of(study, "/members"), {
            "group": group, "role": "viewer"})
        assert answer.status == 404
        assert answer.json["detail"] == "there is no such group"


def test_a_group_that_is_deleted_gives_nothing(crowd, team):
    study = crowd.anna.create(visibility="group", group=team["name"])
    assert crowd.bert.study(study)["group"] == team["name"]
    crowd.admin.ok("DELETE", f"/groups/{team['id']}", status=204)
    assert crowd.bert.status("GET", path_of(study)) == 404
    assert crowd.anna.study(study)["visibility"] == "private"


# ---- visibility and the list ------------------------------------------------


def test_the_list_has_all_that_one_may_see(crowd, team):
    mine, shared = crowd.bert.create(), crowd.anna.create()
    grouped = crowd.anna.create(visibility="group", group=team["name"])
    public = crowd.cleo.create(visibility="public")
    hidden = crowd.cleo.create()
    crowd.anna.share(shared, "editor", user="bert")
    ids = {name: study["id"] for name, study in {
        "mine": mine, "shared": shared, "grouped": grouped, "public": public,
    }.items()}
    seen = crowd.bert.listed()
    roles = {name: seen.get(id_) for name, id_ in ids.items()}
    assert roles == {"mine": "owner", "shared": "editor", "grouped": "viewer",
                     "public": "viewer"}
    assert hidden["id"] not in seen
    assert set(crowd.bert.listed("&shared=with_me")) >= {
        ids["shared"], ids["grouped"]}
    assert ids["mine"] in crowd.bert.listed("&shared=mine")
    assert ids["public"] in crowd.bert.listed("&shared=public")
    assert ids["shared"] not in crowd.bert.listed("&shared=public")
    assert set(crowd.bert.listed("&role=editor")) >= {
        ids["mine"], ids["shared"]}
    assert ids["grouped"] not in crowd.bert.listed("&role=worker")
    assert hidden["id"] in crowd.admin.listed("&owner=cleo")
    assert hidden["id"] not in crowd.bert.listed("&owner=cleo")


def test_visibility_is_for_owners_and_holds_at_once(crowd):
    study = crowd.anna.create()
    crowd.anna.share(study, "editor", user="bert")
    assert crowd.bert.status(
        "PATCH", path_of(study), {"visibility": "public"}) == 403
    changed = crowd.anna.ok("PATCH", path_of(study), {
        "visibility": "public", "notes": "for all to see"})
    assert (changed["visibility"], changed["notes"]) == (
        "public", "for all to see")
    assert crowd.cleo.study(study)["role"] == "viewer"
    crowd.anna.ok("PATCH", path_of(study), {"visibility": "private"})
    assert crowd.cleo.status("GET", path_of(study)) == 404


def test_a_change_that_is_partly_impossible_changes_nothing(crowd):
    study = crowd.anna.create()
    for body in ({"visibility": "public", "lease_s": -1},
                 {"visibility": "group", "group": "none", "notes": "x"}):
        assert crowd.anna.status("PATCH", path_of(study), body) == 422
    assert crowd.anna.study(study) == study
    broken = definition(visibility="group", group="none")
    assert crowd.anna.status("POST", "/studies", broken) == 422
    assert crowd.anna.status("POST", "/ask", {"study": broken}) == 422
    del broken["visibility"], broken["group"]
    crowd.anna.ok("POST", "/studies", broken, 201)


def test_a_copy_of_a_study_of_another_is_your_own_and_private(crowd):
    study = crowd.anna.create(visibility="public")
    assert crowd.bert.status(
        "POST", path_of(study, "/merge"), {"from": [study["id"]]}) == 403
    copy = crowd.bert.ok("POST", path_of(study, "/clone"), {
        "name": "copy of a public one"}, 201)
    assert (copy["owner"], copy["role"], copy["visibility"]) == (
        "bert", "owner", "private")
    assert crowd.anna.status("GET", path_of(copy)) == 404
    learnt = crowd.bert.create(warm_start={"studies": [study["id"]]})
    assert learnt["owner"] == "bert"


# ---- waiting ----------------------------------------------------------------


def test_who_waits_for_events_is_answered_when_the_right_is_taken(crowd):
    study = crowd.anna.create()
    crowd.anna.share(study, "viewer", user="bert")
    since = events_of(crowd.bert, study)["next"]
    waiting = Waiting(crowd.bert, study, since)
    crowd.anna.unshare(study, "user=bert")
    crowd.anna.ask(study)
    assert waiting.answer() == {"events": [], "next": since}
    assert crowd.bert.status(
        "GET", path_of(study, f"/events?since={since}&wait_s=20")) == 404


def test_who_keeps_the_right_goes_on_where_it_was(crowd):
    study = crowd.anna.create()
    since = events_of(crowd.anna, study)["next"]
    waiting = Waiting(crowd.anna, study, since)
    crowd.anna.share(study, "viewer", user="bert")
    assert waiting.answer() == {"events": [], "next": since}
    trial, = crowd.anna.ask(study)
    event, = events_of(crowd.anna, study, f"?since={since}&wait_s=20")["events"]
    assert event["number"] == trial["number"]


# ---- links ------------------------------------------------------------------


@pytest.fixture
def linked(crowd):
    """A study of Anna, and somebody who has a link to it."""
    study = crowd.anna.create()
    link = crowd.anna.ok("POST", path_of(study, "/links"), {
        "name": "for the review", "expires": "1w"}, 201)
    return SimpleNamespace(
        study=study, link=link, guest=Person(crowd.service, link["secret"]))


def test_a_guest_sees_the_study_and_nobodys_name(crowd, linked):
    me = linked.guest.ok("GET", "/me")
    expires, soon = me.pop("expires"), me.pop("expires_soon")
    assert expires == linked.link["expires"] and not soon
    assert me == {"user": None, "admin": False, "guest": True,
                  "study_id": linked.study["id"], "campaign_id": None,
                  "scopes": ["read"]}
    assert linked.guest.ok("GET", "/session")["user"] is None
    seen = linked.guest.study(linked.study)
    assert (seen["owner"], seen["role"]) == (None, "viewer")
    assert list(linked.guest.listed()) == [linked.study["id"]]
    text = linked.guest.api("GET", path_of(linked.study, "/export")).text
    assert "anna" not in text


def test_the_address_of_a_link_signs_in_until_it_is_revoked(crowd, linked):
    url, secret = linked.link["url"].split("/#share=")
    assert url == crowd.service.url and secret == linked.link["secret"]
    with httpx.Client(base_url=crowd.service.url + "/api/v1") as browser:
        assert browser.post(
            "/session", json={"token": secret}).status_code == 204
        assert browser.get("/me").json()["guest"]
        assert browser.get(path_of(linked.study)).status_code == 200
        at = path_of(linked.study, "/links")
        listed, = crowd.anna.ok("GET", at)["links"]
        assert listed["id"] == linked.link["id"]
        assert "secret" not in listed and "url" not in listed
        crowd.anna.ok("DELETE", f"{at}/{listed['id']}", status=204)
        assert browser.get(path_of(linked.study)).status_code == 401
        assert crowd.anna.ok("GET", at)["links"] == []


def test_a_guest_who_signs_out_leaves_the_link_as_it_is(crowd, linked):
    with httpx.Client(base_url=crowd.service.url + "/api/v1") as browser:
        browser.post("/session", json={"token": linked.link["secret"]})
        assert browser.delete("/session", headers=GUARD).status_code == 204
        assert browser.get("/me").status_code == 401
    assert linked.guest.study(linked.study)["role"] == "viewer"


def test_a_link_ends_when_its_maker_is_no_owner_any_more(crowd, linked):
    crowd.anna.share(linked.study, "owner", user="bert")
    crowd.bert.share(linked.study, "editor", user="anna")
    assert linked.guest.status("GET", path_of(linked.study)) == 404
    crowd.bert.share(linked.study, "owner", user="anna")
    assert linked.guest.status("GET", path_of(linked.study)) == 200


def test_a_link_ends_when_its_maker_is_disabled(crowd, linked):
    stored_people.set_disabled(crowd.service, "anna", True)
    assert linked.guest.status("GET", path_of(linked.study)) == 401
    stored_people.set_disabled(crowd.service, "anna", False)
    assert linked.guest.status("GET", path_of(linked.study)) == 200


def test_links_are_no_tokens_of_their_maker(crowd, linked):
    tokens = crowd.anna.ok("GET", "/tokens")["tokens"]
    assert "for the review" not in [token["name"] for token in tokens]


# ---- the audit log, and Python ----------------------------------------------


def test_every_change_of_sharing_leaves_a_line(crowd, linked):
    study = linked.study
    crowd.anna.share(study, "viewer", user="bert")
    crowd.anna.share(study, "viewer", user="bert")
    crowd.anna.share(study, "worker", user="bert")
    crowd.anna.unshare(study, "user=bert")
    crowd.anna.ok("PATCH", path_of(study), {"visibility": "public"})
    crowd.anna.ok("DELETE", path_of(
        study, f"/links/{linked.link['id']}"), status=204)
    assert crowd.service.terminate() == 0
    lines = stored_people.query(
        crowd.service, "SELECT a.action, a.object, a.before, a.after FROM"
        " audit a JOIN studies s ON s.id = a.study_id WHERE s.key = ?"
        " AND (a.action LIKE 'member.%' OR a.action LIKE 'link.%'"
        " OR a.action LIKE 'study.share') ORDER BY a.id", (study["id"],))
    crowd.service.restart()
    viewer, worker = '{"role":"viewer"}', '{"role":"worker"}'
    number = str(linked.link["id"])
    made, *rest = lines
    assert made[:3] == ("link.create", number, None)
    assert linked.link["secret"] not in made[3]
    assert re.match(r'\{"name":"for the review","expires":"2', made[3])
    assert rest == [
        ("member.put", "user:bert", None, viewer),
        ("member.put", "user:bert", viewer, worker),
        ("member.remove", "user:bert", worker, None),
        ("study.share", None, '{"visibility":"private","group":null}',
         '{"visibility":"public","group":null}'),
        ("link.revoke", number, None, None),
    ]


def test_python_shares_and_takes_back(crowd, team):
    mine = cumae.Client(crowd.service.url, crowd.anna.service.token)
    yours = cumae.Client(crowd.service.url, crowd.bert.service.token)
    space = {"x": cumae.Float(0, 1)}
    study = cumae.Study("shared from Python", space, client=mine)
    study.share("bert", "worker")
    study.share(group=team["name"])
    assert [member["role"] for member in study.members()] == [
        "owner", "worker", "viewer"]
    theirs = cumae.Study.open(study.id, yours)
    theirs.trial().tell(0.5)
    assert study.id in [
        one["id"] for one in yours.studies(shared="with_me", role="worker")]
    study.unshare(group=team["name"])
    study.unshare("bert")
    with pytest.raises(cumae.NotFound):
        theirs.trial()
    study.show("public")
    assert cumae.Study.open(study.id, yours).id == study.id
    link = study.link("for the review", "1d")
    assert "/#share=" in link["url"]
    assert [one["id"] for one in study.links()] == [link["id"]]
    study.revoke_link(link["id"])
    assert study.links() == []
    with pytest.raises(cumae.Conflict):
        study.unshare("anna")
    with pytest.raises(TypeError):
        study.share()

# SPDX-License-Identifier: GPL-3.0-or-later
"""test_permissions.py - every operation, every caller, every kind of study

The operations are those of the OpenAPI document; what is expected of each
follows from the table in permissions.py. What is refused would have gone well
but for the permission, and changes nothing. What is not yours to see is the
same, byte by byte, as what is not there.
"""

import http.client
import itertools
import json
import re
from types import SimpleNamespace
from urllib.parse import quote, urlsplit

import harness
import stored_people
import pytest
from calls import LINE, RANDOM, fresh_name
from hopaas_job import ask_body
from permissions import RULES, Caller, expected

DOCUMENT = json.loads((harness.ROOT / "web" / "openapi.json").read_text())
OPERATIONS = {
    item[method]["operationId"]: (method.upper(), path)
    for path, item in DOCUMENT["paths"].items()
    for method in item if method != "parameters"
}
ABSENT = "0" * 16
NAMES = ["owner", "coowner", "editor", "worker", "viewer", "stranger",
         "keeper", "temp", "disabled"]
MEMBERS = {"coowner": "owner", "editor": "editor", "worker": "worker",
           "viewer": "viewer"}
GROUPS = {"group_" + role: role
          for role in ("owner", "editor", "worker", "viewer")}
HOOK = "http://127.0.0.1:9/"  # discard: nobody listens
_numbers = itertools.count()


class Line:
    """One connection that is kept; for thousands of small requests."""

    def __init__(self, url):
        where = urlsplit(url)
        self.http = http.client.HTTPConnection(
            where.hostname, where.port, timeout=60)

    def send(self, method, path, token, body=None):
        """Return (status, text) of one request."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        self.http.request(method, path, body, headers)
        answer = self.http.getresponse()
        return answer.status, answer.read().decode()

    def ok(self, method, path, token, body=None):
        """Return the JSON of a request that must go well."""
        status, text = self.send(method, "/api/v1" + path, token, body)
        assert status in (200, 201, 204), f"{method} {path}: {status} {text}"
        return json.loads(text) if text else None


def definition():
    return {"name": fresh_name(), "space": LINE, "sampler": RANDOM,
            "objectives": [{"name": "loss"}]}


def campaign():
    return {"name": fresh_name("campaign"), "segments": [{"name": "a"}],
            "template": {"space": LINE, "sampler": RANDOM}}


class World:
    """The people, and the studies that all operations share."""

    def __init__(self, service):
        self.service = service
        self.tokens = stored_people.add_users(
            service, NAMES + list(GROUPS), disabled=["disabled"])
        self.admin = service.token
        self.line = Line(service.url)
        for group in [*GROUPS, "lookers", "spare"]:
            made = self.line.ok("POST", "/groups", self.admin, {"name": group})
            if group in GROUPS:
                self.enter(made, group)
                self.enter(made, "owner")  # who may name it therefore
            elif group == "lookers":
                self.enter(made, "viewer")
                self.enter(made, "group_worker")
                self.enter(made, "keeper")
        self.studies = {
            "public": self.study("keeper", visibility="public"),
            "seen": self.study("keeper", visibility="group", group="lookers"),
            "foreign": self.study("keeper"),
        }
        self.studies["foreign"].campaign = self.campaign("keeper")
        self.elsewhere = self.study("owner")
        self.kept = self.team()  # for what changes none
        self.fixed = self.fixed_callers()
        self.exported = self.line.send(
            "GET", f"/api/v1/studies/{self.elsewhere.key}/export",
            self.tokens["owner"])[1]

    def enter(self, group, user):
        self.line.ok(
            "PUT", f"/groups/{group['id']}/members", self.admin, {"user": user})

    def study(self, owner, **sharing):
        """Create a study with a complete trial 0 and a running trial 1."""
        token = self.tokens[owner]
        made = self.line.ok(
            "POST", "/studies", token, {**definition(), **sharing})
        study = SimpleNamespace(key=made["id"], owner=owner, hook=1, link=1,
                                group=0, token_id=0, campaign=None)
        study.complete = self.trial(study, done=True)
        study.running = self.trial(study)
        return study

    def trial(self, study, done=False):
        """Return the number of a new trial, running or complete."""
        path = f"/studies/{study.key}"
        token = self.tokens[study.owner]
        asked = self.line.ok("POST", path + "/ask", token, {})
        number = asked["trials"][0]["number"]
        if done:
            self.line.ok("POST", f"{path}/trials/{number}/tell", token,
                         {"value": 0.5})
        return number

    def campaign(self, owner):
        """Create a campaign of one segment; return its id."""
        made = self.line.ok("POST", "/campaigns", self.tokens[owner], campaign())
        return made["id"]

    def team(self):
        """Create a study and a campaign that are shared in every way."""
        study = self.study("owner")
        study.campaign = self.campaign("owner")
        path, token = f"/studies/{study.key}", self.tokens["owner"]
        for shared in (path, f"/campaigns/{study.campaign}"):
            for user, role in MEMBERS.items():
                self.line.ok("PUT", shared + "/members", token,
                             {"user": user, "role": role})
            for group, role in GROUPS.items():
                self.line.ok("PUT", shared + "/members", token,
                             {"group": group, "role": role})
        study.of_campaign = self.token("owner", campaign_id=study.campaign)
        study.guest = self.line.ok("POST", path + "/links", token, {})["secret"]
        study.bound = self.token("owner", study_id=study.key)
        return study

    def token(self, user, **fields):
        """Make a token with all scopes, or as the fields say."""
        token = self.admin if user == "admin" else self.tokens[user]
        wanted = {"name": "t", "scopes": ["read", "ask", "steer", "admin"],
                  **fields}
        return self.line.ok("POST", "/tokens", token, wanted)["token"]

    def fixed_callers(self):
        """Return those who are the same for every team."""
        seen = {"public": "viewer"}
        looks = {**seen, "seen": "viewer"}
        tokens = self.tokens
        callers = [
            Caller("nobody", None),
            Caller("disabled", tokens["disabled"], disabled=True),
            Caller("stranger", tokens["stranger"], seen),
            Caller("owner", tokens["owner"], {**seen, "team": "owner"}),
            Caller("admin", self.admin, seen, administrator=True),
            Caller("admin without the scope",
                   self.token("admin", scopes=["read", "ask", "steer"]), seen,
                   frozenset({"read", "ask", "steer"}), administrator=True),
            Caller("owner, another study",
                   self.token("owner", study_id=self.elsewhere.key),
                   {**seen, "team": "owner"}, bound="elsewhere"),
        ]
        for name, role in {**MEMBERS, **GROUPS}.items():
            roles = looks if name in ("viewer", "group_worker") else seen
            callers.append(Caller(name, tokens[name], {**roles, "team": role}))
        for scope in ("read", "ask", "steer", "admin"):
            callers.append(Caller(
                f"owner, {scope} only", self.token("owner", scopes=[scope]),
                {**seen, "team": "owner"}, frozenset({scope})))
        link = self.line.ok(
            "POST", f"/studies/{self.studies['public'].key}/links",
            tokens["keeper"], {})
        callers.append(Caller(
            "guest of another", link["secret"], {"public": "viewer"},
            frozenset({"read"}), bound="public", guest=True))
        return callers

    def callers(self, team):
        """Return everybody who calls."""
        return self.fixed + [
            Caller("guest", team.guest, {"team": "viewer"},
                   frozenset({"read"}), bound="team", guest=True),
            Caller("owner, this study", team.bound, {"team": "owner"},
                   bound="team"),
            Caller("owner, this campaign", team.of_campaign, {"team": "owner"},
                   bound="campaign"),
        ]

    def look(self, study):
        """Return all that a refused call might have changed of a study."""
        token, path = self.tokens[study.owner], f"/studies/{study.key}"
        seen = [self.line.ok("GET", path + rest, token) for rest in (
            "", "/trials?limit=1000", "/members", "/links", "/webhooks")]
        if study.campaign:
            seen += [self.line.ok("GET", f"/campaigns/{study.campaign}" + rest,
                                  token) for rest in ("", "/members")]
        return re.sub(r'"last_used": [^,}]*', "", json.dumps(seen))

    def look_around(self):
        """Return what a refused call might have changed of anything else."""
        groups = self.line.ok("GET", "/groups", self.admin)
        tokens = [
            token["id"] for token in self.line.ok(
                "GET", "/tokens", self.tokens["owner"])["tokens"]
            if not token["revoked"]
        ]
        mine = self.line.ok("GET", "/studies", self.tokens["stranger"])
        return json.dumps([groups, tokens, [s["id"] for s in mine["studies"]],
                           [self.look(s) for s in self.studies.values()]])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request, tmp_path_factory):
    """A service with people on each database."""
    directory = tmp_path_factory.mktemp("permissions")
    postgres = None
    url = f"sqlite:{directory / 'cumae.db'}"
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")
        url = postgres.create()
    service = harness.Service(
        url, directory,
        arguments=["--webhook_http", "1", "--webhook_private", "1",
                   "--failed_per_minute", "0"]).start()
    try:
        yield World(service)
        assert service.terminate() == 0
    finally:
        service.close()
    if postgres:
        postgres.drop(url)


# ---- requests that would go well --------------------------------------------

BODIES = {
    "createStudy": lambda c: definition(),
    "importStudy": lambda c: c.world.exported,
    "changeStudy": lambda c: {"notes": "changed"},
    "changeStudy+visibility": lambda c: {"visibility": "private"},
    "cloneStudy": lambda c: {"name": fresh_name("clone")},
    "mergeStudies": lambda c: {"from": [c.world.studies["public"].key]},
    "putMember": lambda c: {"user": "temp", "role": "viewer"},
    "createLink": lambda c: {"name": "link", "expires": "1d"},
    "createWebhook": lambda c: {"url": f"{HOOK}{next(_numbers)}"},
    "changeWebhook": lambda c: {"events": ["trial_ended"]},
    "findAndAsk": lambda c: {"study": definition()},
    "createCampaign": lambda c: campaign(),
    "changeCampaign": lambda c: {"notes": "changed"},
    "addSegments": lambda c: {"segments": [{"name": fresh_name("s")}]},
    "askCampaign": lambda c: {},
    "putCampaignMember": lambda c: {"user": "temp", "role": "viewer"},
    "ask": lambda c: {},
    "bringTrials": lambda c: {"trials": [{"params": {"x": 0.5}}]},
    "editTrial": lambda c: {"notes": "changed"},
    "rerunTrial": lambda c: {},
    "rerunTrials": lambda c: {"numbers": [c.study.complete]},
    "report": lambda c: {"step": 1, "value": 0.5},
    "tell": lambda c: {"value": 0.25},
    "tell+overwrite": lambda c: {"value": 0.25, "overwrite": True},
    "heartbeat": lambda c: {},
    "releaseTrial": lambda c: {},
    "cancelTrial": lambda c: {},
    "tellMany": lambda c: {"tells": [{
        "study_id": c.study.key, "number": c.study.running, "value": 0.25}]},
    "createToken": lambda c: {"name": "made", "scopes": [
        min(c.caller.scopes - {"admin"}, default="admin")]},
    "createToken+study": lambda c: {
        "name": "made", "study_id": c.study.key,
        "scopes": [min(c.caller.scopes)]},
    "createToken+campaign": lambda c: {
        "name": "made", "campaign_id": c.study.campaign,
        "scopes": [min(c.caller.scopes)]},
    "rotateToken": lambda c: {},
    "signIn": lambda c: {"token": c.caller.token},
    "createUser": lambda c: {"name": fresh_name("user").replace(" ", "-")},
    "changeUser": lambda c: {"display_name": fresh_name()},
    "createGroup": lambda c: {"name": fresh_name("group")},
    "putGroupMember": lambda c: {"user": "temp"},
    "hopaasAsk": lambda c: ask_body(
        fresh_name(), {"x": {"type": "uniform", "low": 0, "high": 1}}),
    "hopaasShouldPrune": lambda c: {
        "hopaas_trial": f"{c.study.key}:{c.study.running}", "loss": 0.5,
        "step": 1},
    "hopaasTell": lambda c: {
        "hopaas_trial": f"{c.study.key}:{c.study.running}", "loss": 0.5},
    "hopaasFail": lambda c: {
        "hopaas_trial": f"{c.study.key}:{c.study.running}"},
}
QUERIES = {
    "limitToys": lambda c: "?mu=1",
    "removeMember": lambda c: "?user=temp",
    "removeCampaignMember": lambda c: "?user=temp",
    "deleteCampaign": lambda c: "?studies=1",
    "removeGroupMember": lambda c: "?user=temp",
    "importStudy": lambda c: "?name=" + quote(fresh_name("import")),
    "listStudies": lambda c: "?limit=5",
    "hopaasBest": lambda c: f"?hopaas_trial={c.study.key}:{c.study.complete}",
}
ON_TOKEN = {"revokeToken", "rotateToken"}
ABSENT_SESSION = 999999
ON_COMPLETE = {"getTrial", "editTrial", "deleteTrial", "rerunTrial"}
# What is in the body or the query names the study, not the path.
NAMES_STUDY = {"tellMany", "hopaasShouldPrune", "hopaasTell", "hopaasFail",
               "hopaasBest", "createToken+study"}


def call_of(operation, world, caller, study):
    """Return (method, path, body) of a call that would go well."""
    method, path = OPERATIONS[operation.partition("+")[0]]
    c = SimpleNamespace(world=world, caller=caller, study=study)
    number = study.complete if operation in ON_COMPLETE else study.running
    id_ = (study.token_id if operation in ON_TOKEN
           else ABSENT_SESSION if operation == "endSession"
           else study.campaign if is_of_campaign(operation) else study.key)
    for name, value in (
        ("id", id_), ("n", number), ("hook", study.hook), ("link", study.link),
        ("group", study.group), ("name", "temp"), ("provider", "none"),
        ("token", caller.token or stored_people.new_secret()),
    ):
        path = path.replace("{%s}" % name, str(value))
    if operation in QUERIES:
        path += QUERIES[operation](c)
    body = BODIES[operation](c) if operation in BODIES else None
    return method, path, body


def prepare(operation, world, study):
    """Make what the next call uses up."""
    line, path = world.line, f"/studies/{study.key}"
    token = world.tokens[study.owner]
    name = operation.partition("+")[0]
    if name in ("report", "tell", "heartbeat", "releaseTrial", "cancelTrial",
                "tellMany", "hopaasShouldPrune", "hopaasTell", "hopaasFail"):
        study.running = world.trial(study)
    elif name == "deleteTrial":
        study.complete = world.trial(study, done=True)
    elif name in ("changeWebhook", "deleteWebhook"):
        made = line.ok("POST", path + "/webhooks", token,
                       {"url": f"{HOOK}{next(_numbers)}"})
        study.hook = made["id"]
    elif name == "testWebhook" and study.hook == 1:
        study.hook = line.ok(
            "POST", path + "/webhooks", token, {"url": HOOK})["id"]
    elif name == "revokeLink":
        study.link = line.ok("POST", path + "/links", token, {})["id"]
    elif name == "removeMember":
        line.ok("PUT", path + "/members", token,
                {"user": "temp", "role": "viewer"})
    elif name == "removeCampaignMember":
        line.ok("PUT", f"/campaigns/{study.campaign}/members", token,
                {"user": "temp", "role": "viewer"})
    elif name.endswith(("Group", "GroupMember", "GroupMembers")):
        made = line.ok("POST", "/groups", world.admin, {"name": "spare"})
        study.group = made["id"]
        line.ok("PUT", f"/groups/{study.group}/members", world.admin,
                {"user": "temp"})


def prepare_token(operation, world, token, study):
    """Make the token that is revoked, with another one of the same user."""
    if operation in ON_TOKEN:
        study.token_id = world.line.ok("POST", "/tokens", token, {
            "name": "spent", "scopes": ["admin"]})["id"]


# ---- the matrix -------------------------------------------------------------


def status_of(operation, answer):
    """Return the status of an answer, and of what it holds."""
    status, text = answer
    if operation == "tellMany" and status == 200:
        return json.loads(text)["results"][0]["status"]
    return status


def special(operation, caller, wanted):
    """Return what signing in and out says instead."""
    if operation == "signIn":
        if caller.token is None:
            return {400, 422}
        return {401} if caller.disabled else {204}
    if operation == "signOut" and wanted == 200:
        return {204} if caller.guest else {422}
    if operation in ("endSession", "beginSignIn", "endSignIn") and wanted == 200:
        return {404}  # there is no such session, and no provider
    if operation in ("limit", "limitToys") and wanted == 200:
        return {422}  # these studies are of another kind
    if operation == "mergeStudies" and wanted == 200 and caller.bound:
        return {422}  # there is no other study for this token
    if operation == "grid" and wanted == 200:
        return {422}  # the studies of the world are of another kind
    return {200, 201, 204} if wanted == 200 else {wanted}


def anonymous(text, key):
    """Return the text of an answer without what is always different."""
    text = re.sub(r'"request_id": ?"[^"]*"', "", text)
    return text.replace(key, "KEY")


def check(operation, world, caller, kind, study):
    """Make one call, compare its status; return its text."""
    wanted = expected(RULES[operation], caller, kind)
    if wanted == 200:
        prepare_token(operation, world, caller.token, study)
    method, path, body = call_of(operation, world, caller, study)
    token = None if "{token}" in OPERATIONS[
        operation.partition("+")[0]][1] else caller.token
    if operation == "signIn" and token is None:
        body = {}
    answer = world.line.send(method, path, token, body)
    assert status_of(operation, answer) in special(
        operation, caller, wanted
    ), f"{operation} by {caller.name} on {kind}: {answer}"
    return anonymous(answer[1], study.key)


def is_of_campaign(operation):
    """Tell whether an operation names a campaign, and not a study."""
    path = OPERATIONS[operation.partition("+")[0]][1]
    return "/campaigns/{id}" in path or operation.endswith("+campaign")


def team_kind(operation):
    """Return what the operation names of the team."""
    return "campaign" if is_of_campaign(operation) else "team"


def kinds_of(operation):
    """Return the kinds of studies that an operation may name."""
    if is_of_campaign(operation):
        return ["foreign", "absent"]
    path = OPERATIONS[operation.partition("+")[0]][1]
    named = "/studies/{id}" in path or operation in NAMES_STUDY
    return ["public", "seen", "foreign", "absent"] if named else []


def is_allowed(operation, caller, kind):
    return expected(RULES[operation], caller, kind) == 200


def changes_something(operation):
    return OPERATIONS[operation.partition("+")[0]][0] != "GET"


def test_every_operation_has_a_rule_and_every_rule_an_operation():
    named = {name.partition("+")[0] for name in RULES}
    assert set(OPERATIONS) - named == set(), "operations without a rule"
    assert named - set(OPERATIONS) == set(), "rules without an operation"


@pytest.mark.parametrize("operation", sorted(RULES))
def test_who_may(operation, world):
    team = team_for(operation, world)
    callers = world.callers(team)
    before = world.look(team), world.look_around()
    refused_everywhere(operation, world, callers, team)
    assert (world.look(team), world.look_around()) == before
    for caller in callers:
        if not is_allowed(operation, caller, team_kind(operation)):
            continue
        if operation in ("deleteStudy", "deleteCampaign"):
            team = team_for(operation, world)
            same = [c.name for c in callers].index(caller.name)
            caller = world.callers(team)[same]
        prepare(operation, world, team)
        check(operation, world, caller, team_kind(operation), team)


def team_for(operation, world):
    """Return a study with all that the operation uses up, new if it changes."""
    path = OPERATIONS[operation.partition("+")[0]][1]
    new = changes_something(operation) and (
        "{id}" in path or operation in NAMES_STUDY
        or is_of_campaign(operation))
    team = world.team() if new else world.kept
    prepare(operation, world, team)
    prepare_token(operation, world, world.tokens["owner"], team)
    for study in world.studies.values():
        study.group, study.token_id = team.group, team.token_id
    return team


def refused_everywhere(operation, world, callers, team):
    """Make all calls that are refused, and those that only look."""
    for caller in callers:
        kind = team_kind(operation)
        if not is_allowed(operation, caller, kind):
            check(operation, world, caller, kind, team)
        texts = {}
        for kind in kinds_of(operation):
            if is_allowed(operation, caller, kind) and changes_something(
                    operation):
                continue
            study = world.studies.get(kind) or SimpleNamespace(
                **{**vars(world.studies["foreign"]), "key": ABSENT,
                   "campaign": ABSENT})
            texts[kind] = check(operation, world, caller, kind, study)
        if expected(RULES[operation], caller, "absent") == 404 and (
                caller.role("foreign") == "none" and texts):
            assert texts["foreign"] == texts["absent"]

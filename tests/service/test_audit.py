# SPDX-License-Identifier: GPL-3.0-or-later
"""test_audit.py - every change by a person leaves one line, on both databases

The calls are those of the OpenAPI document: a new one that changes something
fails here until it says whether people or workers make it, and is tried.
"""

import json

import harness
import people
import pytest
from calls import LINE, at, definition, fresh_name

DOCUMENT = json.loads((harness.ROOT / "web" / "openapi.json").read_text())

# What trials and events tell already, and calls that change nothing.
WORKERS = {
    "ask", "askCampaign", "findAndAsk", "report", "heartbeat", "tell", "tellMany",
    "releaseTrial", "testWebhook", "hopaasAsk", "hopaasShouldPrune",
    "hopaasTell", "hopaasFail",
}


def changes():
    """Yield the names of the operations that people change things with."""
    for path, item in DOCUMENT["paths"].items():
        for method in ("post", "put", "patch", "delete"):
            name = item.get(method, {}).get("operationId")
            if name and name not in WORKERS:
                yield name


def at_study(calls, **fields):
    """Make a study and return its path."""
    return f"/studies/{calls.create(**fields)['id']}"


def at_result(calls):
    """Make a study with one result and return the path of the trial."""
    trial = calls.ask(calls.create())[0]
    calls.tell(trial, value=1)
    return at(trial)


def at_hook(calls):
    """Make a webhook and return its path."""
    path = at_study(calls) + "/webhooks"
    made = calls.ok("POST", path, {"url": "https://example.org/x"}, 201)
    return f"{path}/{made['id']}"


def at_user(calls):
    """Make a user and return its path."""
    return f"/users/{people.make_user(calls.service)['name']}"


def lines_of_export(calls):
    """Return a study as lines, for an import under another name."""
    path = at_study(calls)
    first = json.loads(calls.api("GET", path + "/export").text.split("\n")[0])
    first["study"]["name"] = definition()["name"]
    return json.dumps(first).encode()


def merged(calls):
    """Prepare two studies of which one has a result."""
    source = at_result(calls).split("/")[2]
    return "POST", at_study(calls) + "/merge", {"from": [source]}


# Prepares what is needed and returns the call: method, path, body; and the
# action that it is known by.
CASES = {
    "createStudy": ("study.create", lambda c: (
        "POST", "/studies", definition())),
    "importStudy": ("study.import", lambda c: (
        "POST", "/studies/import", lines_of_export(c))),
    "changeStudy": ("study.patch", lambda c: (
        "PATCH", at_study(c), {"notes": "hello"})),
    "deleteStudy": ("study.delete", lambda c: ("DELETE", at_study(c), None)),
    "pauseStudy": ("study.pause", lambda c: (
        "POST", at_study(c) + "/pause", None)),
    "resumeStudy": ("study.resume", lambda c: (
        "POST", paused(c) + "/resume", None)),
    "stopStudy": ("study.stop", lambda c: (
        "POST", at_study(c) + "/stop", None)),
    "cancelStudy": ("study.cancel", lambda c: (
        "POST", at_study(c) + "/cancel", None)),
    "cloneStudy": ("study.clone", lambda c: (
        "POST", at_study(c) + "/clone", {"name": definition()["name"]})),
    "mergeStudies": ("study.merge", merged),
    "createWebhook": ("webhook.create", lambda c: (
        "POST", at_study(c) + "/webhooks", {"url": "https://example.org/y"})),
    "changeWebhook": ("webhook.patch", lambda c: (
        "PATCH", at_hook(c), {"enabled": False})),
    "deleteWebhook": ("webhook.delete", lambda c: ("DELETE", at_hook(c), None)),
    "bringTrials": ("trial.enqueue", lambda c: (
        "POST", at_study(c) + "/trials",
        {"trials": [{"id": "a", "params": {"x": 0.5}}]})),
    "editTrial": ("trial.patch", lambda c: (
        "PATCH", at_result(c), {"value": 2})),
    "deleteTrial": ("trial.delete", lambda c: ("DELETE", at_result(c), None)),
    "rerunTrial": ("trial.rerun", lambda c: (
        "POST", at_result(c) + "/rerun", None)),
    "rerunTrials": ("trial.rerun", lambda c: (
        "POST", "/".join(at_result(c).split("/")[:3]) + "/rerun",
        {"states": ["complete"]})),
    "cancelTrial": ("trial.cancel", lambda c: (
        "POST", at(c.ask(c.create())[0]) + "/cancel", None)),
    "createCampaign": ("campaign.create", lambda c: (
        "POST", "/campaigns", campaign())),
    "changeCampaign": ("campaign.patch", lambda c: (
        "PATCH", at_campaign(c), {"notes": "hello"})),
    "deleteCampaign": ("campaign.delete", lambda c: (
        "DELETE", at_campaign(c) + "?studies=1", None)),
    "addSegments": ("campaign.add", lambda c: (
        "POST", at_campaign(c) + "/segments", {"segments": [{"name": "new"}]})),
    "pauseCampaign": ("campaign.pause", lambda c: (
        "POST", at_campaign(c) + "/pause", None)),
    "resumeCampaign": ("campaign.resume", lambda c: (
        "POST", paused_campaign(c) + "/resume", None)),
    "stopCampaign": ("campaign.stop", lambda c: (
        "POST", at_campaign(c) + "/stop", None)),
    "putCampaignMember": ("campaign.share", lambda c: (
        "PUT", at_campaign(c) + "/members",
        {"user": people.make_user(c.service)["name"], "role": "viewer"})),
    "removeCampaignMember": ("campaign.unshare", lambda c: (
        "DELETE", at_campaign_member(c), None)),
    "createUser": ("user.create", lambda c: (
        "POST", "/users", {"name": people.fresh_user()})),
    "changeUser": ("user.patch", lambda c: (
        "PATCH", at_user(c), {"quotas": {"max_trials": 3}})),
    "inviteUser": ("user.invite", lambda c: (
        "POST", at_user(c) + "/invitation", None)),
    "putMember": ("member.put", lambda c: (
        "PUT", at_study(c) + "/members",
        {"user": people.make_user(c.service)["name"], "role": "viewer"})),
    "removeMember": ("member.remove", lambda c: ("DELETE", at_member(c), None)),
    "createLink": ("link.create", lambda c: (
        "POST", at_study(c) + "/links", {})),
    "revokeLink": ("link.revoke", lambda c: ("DELETE", at_link(c), None)),
    "createGroup": ("group.create", lambda c: (
        "POST", "/groups", {"name": people.fresh_user()})),
    "deleteGroup": ("group.delete", lambda c: ("DELETE", at_group(c), None)),
    "putGroupMember": ("group.enter", lambda c: (
        "PUT", at_group(c) + "/members",
        {"user": people.make_user(c.service)["name"]})),
    "removeGroupMember": ("group.leave", lambda c: (
        "DELETE", at_group_member(c), None)),
    "createToken": ("token.create", lambda c: (
        "POST", "/tokens", {"name": "t"})),
    "revokeToken": ("token.revoke", lambda c: ("DELETE", at_token(c), None)),
    "rotateToken": ("token.rotate", lambda c: (
        "POST", at_token(c) + "/rotate", {})),
    "signIn": ("session.open", lambda c: (
        "POST", "/session", {"token": c.service.token})),
    "signOut": ("session.close", lambda c: (
        "DELETE", "/session", None, browser(c))),
    "endSession": ("session.close", lambda c: (
        "DELETE", at_session(c), None)),
    "signOutEverywhere": ("session.close", lambda c: (
        "DELETE", at_session(c).rpartition("/")[0], None)),
}

# Whose repeat changes something again.
AGAIN = ("inviteUser", "changeStudy", "createToken", "signIn", "createLink")


def campaign():
    """Return a campaign of forty segments."""
    return {"name": fresh_name("campaign"), "template": {"space": LINE},
            "segments": [{"name": f"s{i}"} for i in range(40)]}


def at_campaign(calls):
    """Make a campaign and return its path."""
    return f"/campaigns/{calls.ok('POST', '/campaigns', campaign(), 201)['id']}"


def paused_campaign(calls):
    """Make a campaign whose studies are paused and return its path."""
    path = at_campaign(calls)
    calls.ok("POST", path + "/pause")
    return path


def at_campaign_member(calls):
    """Share a campaign and return the path of the membership."""
    name = people.make_user(calls.service)["name"]
    path = at_campaign(calls) + "/members"
    calls.ok("PUT", path, {"user": name, "role": "viewer"})
    return f"{path}?user={name}"


def browser(calls):
    """Sign a browser in and return how its calls differ."""
    answer = calls.api("POST", "/session", {"token": calls.service.token})
    cookie = answer.headers["set-cookie"].split(";")[0]
    return {"token": None,
            "headers": {"Cookie": cookie, "X-Cumae-CSRF": "1"}}


def at_session(calls):
    """Sign a browser in and return the path of its session."""
    browser(calls)
    newest_one = calls.ok("GET", "/sessions")["sessions"][0]
    return f"/sessions/{newest_one['id']}"


def at_member(calls):
    """Share a study and return the path of the membership."""
    name = people.make_user(calls.service)["name"]
    path = at_study(calls) + "/members"
    calls.ok("PUT", path, {"user": name, "role": "viewer"})
    return f"{path}?user={name}"


def at_link(calls):
    """Make a link to a study and return its path."""
    path = at_study(calls) + "/links"
    return f"{path}/{calls.ok('POST', path, {}, 201)['id']}"


def at_group(calls):
    """Make a group and return its path."""
    made = calls.ok("POST", "/groups", {"name": people.fresh_user()}, 201)
    return f"/groups/{made['id']}"


def at_group_member(calls):
    """Make a group of one and return the path of the membership."""
    name = people.make_user(calls.service)["name"]
    path = at_group(calls) + "/members"
    calls.ok("PUT", path, {"user": name}, 204)
    return f"{path}?user={name}"


def at_token(calls):
    """Make a token and return its path."""
    made = calls.ok("POST", "/tokens", {"name": "t"}, 201)
    return f"/tokens/{made['id']}"


def paused(calls):
    """Make a study that is paused and return its path."""
    path = at_study(calls)
    calls.ok("POST", path + "/pause")
    return path


def newest(calls):
    """Return the number of the newest line."""
    lines = calls.ok("GET", "/audit?limit=1")["audit"]
    return lines[0]["id"] if lines else 0


def since(calls, last):
    """Return the lines after that number, newest first."""
    lines = calls.ok("GET", "/audit?limit=100")["audit"]
    return [line for line in lines if line["id"] > last]


@pytest.mark.parametrize("name", sorted(changes()))
def test_a_change_by_a_person_leaves_one_line(calls, name):
    action, prepare = CASES[name]
    method, path, body, *options = prepare(calls)
    last = newest(calls)
    raw = {"data": body} if isinstance(body, bytes) else {"json": body}
    raw.update(*options)
    answer = calls.api(method, path, **raw)
    assert answer.status in (200, 201, 204), answer.text
    (line,) = since(calls, last)
    assert line["action"] == action
    assert line["user"] == calls.ok("GET", "/me")["user"]
    assert line["token_id"] and line["address"]
    assert line["request_id"] == answer.headers["x-request-id"]
    again = calls.api(method, path, **raw)
    if again.status >= 400 or name in AGAIN:
        return
    repeats = since(calls, line["id"])
    assert repeats == [], "a repeat changes nothing"


def test_a_worker_that_makes_a_study_leaves_one_line(calls):
    last, body = newest(calls), {"study": definition()}
    for _ in range(3):
        calls.ok("POST", "/ask", body)
    (line,) = since(calls, last)
    assert line["action"] == "study.create"


def test_an_overwritten_result_is_told_with_what_it_was(calls):
    trial = calls.ask(calls.create())[0]
    calls.tell(trial, value=1)
    last = newest(calls)
    calls.tell(trial, value=2, overwrite=True)
    calls.tell(trial, value=2, overwrite=True)
    tells = [{"study_id": trial["study_id"], "number": trial["number"],
              "value": 3, "overwrite": True}]
    calls.ok("POST", "/tell", {"tells": tells})
    second, first = since(calls, last)
    assert first["action"] == second["action"] == "trial.overwrite"
    assert first["before"] == {"values": [1.0]}
    assert first["after"] == {"values": [2.0]}
    assert second["after"] == {"values": [3.0]}
    assert first["object"] == str(trial["number"])


def test_a_patch_shows_the_members_that_it_named(calls):
    study = calls.create(notes="old", space=LINE)
    path = f"/studies/{study['id']}"
    calls.ok("PATCH", path, {"notes": "new", "tags": ["a"]})
    line = calls.ok("GET", path + "/audit")["audit"][0]
    assert line["before"]["notes"] == "old"
    assert line["after"] == {"notes": "new", "tags": ["a"]}


def test_a_refused_change_leaves_no_line(calls):
    trial = calls.ask(calls.create())[0]
    last = newest(calls)
    assert calls.api("DELETE", at(trial)).status == 409
    assert calls.api("PATCH", at(trial), {"value": 1}).status == 409
    assert since(calls, last) == []

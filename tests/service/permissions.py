# SPDX-License-Identifier: GPL-3.0-or-later
"""permissions.py - who may do what, in one table

RULES names for each operation of the OpenAPI document the right that it needs.
A right is a set of scopes, a least role on the study, and who is left out. From
that and from what is known of a caller follows the class of the answer.
"""

from dataclasses import dataclass, field
from typing import Dict, FrozenSet, Optional

ROLES = ["none", "viewer", "worker", "editor", "owner"]
EVERY_SCOPE = frozenset({"read", "ask", "steer", "admin"})


@dataclass(frozen=True)
class Right:
    """What an operation needs."""

    scopes: FrozenSet[str] = frozenset()
    role: str = "none"  # on the study, where there is one
    guests: bool = False
    administrators: bool = False
    anybody: bool = False  # without a token
    creates: bool = False  # a study, which a token of one study does not
    then: Optional["Right"] = None  # what the body needs beside


def right(*scopes, role="none", **rest):
    """Return a right that needs these scopes."""
    return Right(frozenset(scopes), role, **rest)


OPEN = right(anybody=True)
KNOWN = right(guests=True)
PERSON = right("read")
LOOK = right("read", role="viewer", guests=True)
ASK = right("ask", role="worker")
CREATE = right("ask", creates=True)
COPY = right("read", "ask", role="viewer", creates=True)
IMPORT = right("read", "ask", creates=True)
MERGE = right("read", "steer", role="editor")
STEER = right("steer", role="editor")
OWN = right("steer", role="owner")
TOKENS = right("admin")
TOKEN_OF_STUDY = right("admin", role="viewer")
ADMIN = right("admin", administrators=True)

# The name of an operation may be followed by + and what the body says more.
RULES: Dict[str, Right] = {
    "listStudies": right("read", guests=True),
    "createStudy": CREATE,
    "getStudy": LOOK,
    "changeStudy": STEER,
    "changeStudy+visibility": OWN,
    "deleteStudy": OWN,
    "pauseStudy": STEER,
    "resumeStudy": STEER,
    "stopStudy": STEER,
    "cancelStudy": STEER,
    "importStudy": IMPORT,
    "cloneStudy": COPY,
    "mergeStudies": MERGE,
    "exportStudy": LOOK,
    "bestTrial": LOOK,
    "paretoFront": LOOK,
    "grid": LOOK,
    "importances": LOOK,
    "limit": LOOK,
    "limitToys": LOOK,
    "listEvents": LOOK,
    "listMembers": OWN,
    "putMember": OWN,
    "removeMember": OWN,
    "listLinks": OWN,
    "createLink": OWN,
    "revokeLink": OWN,
    "listWebhooks": STEER,
    "createWebhook": STEER,
    "changeWebhook": STEER,
    "deleteWebhook": STEER,
    "testWebhook": STEER,
    "createCampaign": CREATE,
    "listCampaigns": PERSON,
    "getCampaign": LOOK,
    "changeCampaign": STEER,
    "deleteCampaign": OWN,
    "addSegments": STEER,
    "askCampaign": ASK,
    "pauseCampaign": STEER,
    "resumeCampaign": STEER,
    "stopCampaign": STEER,
    "exportCampaign": LOOK,
    "listCampaignMembers": OWN,
    "putCampaignMember": OWN,
    "removeCampaignMember": OWN,
    "findAndAsk": CREATE,
    "ask": ASK,
    "bringTrials": ASK,
    "listTrials": LOOK,
    "getTrial": LOOK,
    "editTrial": STEER,
    "deleteTrial": STEER,
    "rerunTrial": STEER,
    "rerunTrials": STEER,
    "report": ASK,
    "tell": ASK,
    "tell+overwrite": right("ask", role="worker", then=STEER),
    "heartbeat": ASK,
    "releaseTrial": ASK,
    "cancelTrial": STEER,
    "tellMany": ASK,
    "info": OPEN,
    "openapi": OPEN,
    "me": KNOWN,
    "listTokens": TOKENS,
    "createToken": TOKENS,
    "createToken+study": TOKEN_OF_STUDY,
    "createToken+campaign": TOKEN_OF_STUDY,
    "revokeToken": TOKENS,
    "rotateToken": TOKENS,
    "listProviders": OPEN,
    "beginSignIn": OPEN,
    "endSignIn": OPEN,
    "signIn": OPEN,
    "signOut": KNOWN,
    "getSession": KNOWN,
    "listSessions": TOKENS,
    "endSession": TOKENS,
    "signOutEverywhere": TOKENS,
    "listUsers": ADMIN,
    "createUser": ADMIN,
    "getUser": ADMIN,
    "changeUser": ADMIN,
    "inviteUser": ADMIN,
    "listAudit": ADMIN,
    "listStudyAudit": OWN,
    "listSettings": ADMIN,
    "getLoad": ADMIN,
    "listGroups": PERSON,
    "createGroup": ADMIN,
    "deleteGroup": ADMIN,
    "listGroupMembers": ADMIN,
    "putGroupMember": ADMIN,
    "removeGroupMember": ADMIN,
    "healthz": OPEN,
    "readyz": OPEN,
    "metrics": OPEN,
    "page": OPEN,
    "hopaasVersion": OPEN,
    "hopaasAsk": CREATE,
    "hopaasShouldPrune": ASK,
    "hopaasTell": ASK,
    "hopaasFail": ASK,
    "hopaasBest": LOOK,
}


@dataclass
class Caller:
    """Somebody who calls, and what is known of them."""

    name: str
    token: Optional[str]
    roles: Dict[str, str] = field(default_factory=dict)  # by kind of study
    scopes: FrozenSet[str] = EVERY_SCOPE
    bound: Optional[str] = None  # the kind of study, "campaign", "elsewhere"
    guest: bool = False
    administrator: bool = False
    disabled: bool = False

    def role(self, study: str) -> str:
        """Return what the token leaves of the role on a kind of study."""
        if study == "absent" or self.bound not in (None, study):
            return "none"
        if self.administrator and "admin" in self.scopes:
            return "owner"
        # The campaign of the team is shared as its study is.
        return self.roles.get("team" if study == "campaign" else study, "none")


def expected(rule: Right, caller: Caller, study: Optional[str]) -> int:
    """Return 401, 403 or 404, or 200 for what is allowed."""
    if rule.anybody:
        return 200
    if caller.token is None or caller.disabled:
        return 401
    if (
        not rule.scopes <= caller.scopes
        or (caller.guest and not rule.guests)
        or (rule.administrators and not caller.administrator)
        or (rule.creates and caller.bound)
    ):
        return 403
    if rule.role == "none" or study is None:
        return 200
    role = caller.role(study)
    if role == "none":
        return 404
    if ROLES.index(role) < ROLES.index(rule.role):
        return 403
    return expected(rule.then, caller, study) if rule.then else 200

# SPDX-License-Identifier: MIT
"""sharing.py - who else may see a study, work for it, change it

A role is "viewer" (looks), "worker" (also asks, reports and tells), "editor"
(also steers, changes, edits trials) or "owner" (also deletes and shares). Each
of these calls is for owners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

if TYPE_CHECKING:
    from .client import Client


class Sharing:
    """What a Study can do for others than its owner."""

    id: str
    client: "Client"

    def members(self) -> List[Dict[str, Any]]:
        """Return with whom the study is shared.

        Each is {"user":, "group":, "role":}, where user or group is None. The
        first one is the user in whose name the study is.
        """
        return self.client.request("GET", self._at("members"))["members"]

    def share(
        self,
        user: Optional[str] = None,
        role: str = "viewer",
        *,
        group: Optional[str] = None,
    ) -> None:
        """Give a user, or all users of a group, a role on the study.

        user   the whole name
        group  instead of a user: one of your groups

        Raises NotFound when there is no such user or group, Conflict when the
        last owner would become less.
        """
        body = {**_member(user, group), "role": role}
        self.client.request("PUT", self._at("members"), body)

    def unshare(
        self, user: Optional[str] = None, *, group: Optional[str] = None
    ) -> None:
        """Take the role of a user or a group away, at once.

        Raises NotFound when there is no such member, Conflict when it is the
        last owner.
        """
        self.client.request(
            "DELETE", self._at("members"), query=_member(user, group)
        )

    def show(self, visibility: str, *, group: Optional[str] = None) -> None:
        """Let others look: "private" nobody, "group" the members of one of
        your groups, "public" everybody who is signed in.
        """
        body = {"visibility": visibility, "group": group}
        self.client.request("PATCH", f"/studies/{self.id}", body)

    def link(
        self, name: str = "link", expires: str = "1m"
    ) -> Dict[str, Any]:
        """Make a link for whoever has it to look at the study.

        name     for yourself
        expires  1d, 1w, 1m, 1y or a time within a year

        Returns a dictionary with the `url`, which is known this once, and the
        `id` for revoke_link.
        """
        body = {"name": name, "expires": expires}
        return self.client.request("POST", self._at("links"), body)

    def links(self) -> List[Dict[str, Any]]:
        """Return the links that are valid, without their secrets."""
        return self.client.request("GET", self._at("links"))["links"]

    def revoke_link(self, link_id: int) -> None:
        """End a link, at once; raises NotFound."""
        self.client.request("DELETE", self._at(f"links/{link_id}"))

    def _at(self, what: str) -> str:
        return f"/studies/{self.id}/{what}"


def _member(user: Optional[str], group: Optional[str]) -> Dict[str, str]:
    if (user is None) == (group is None):
        raise TypeError("user or group is required, one of them")
    return {"user": user} if group is None else {"group": group}

# SPDX-License-Identifier: MIT
"""copies.py - studies made from others, and studies joined

Which trials to copy is "ended" (complete, pruned, infeasible and failed ones),
"results" (those but the failed ones), "none", or a filter, of which a trial
must meet all that is given:

    {"states": ["complete"], "tags": ["good", "fair"], "numbers": [0, 99],
     "value_min": 0.5, "value_max": 1}

Invalid and deleted trials are never copied. All of these calls may be repeated.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Mapping, Type, TypeVar, Union

from .plain import plain
from .space import space_as_json

if TYPE_CHECKING:
    from .client import Client

Wanted = Union[str, Mapping[str, Any]]
Copied = TypeVar("Copied", bound="Copies")


class Copies:
    """What a Study can do with the trials of another one."""

    id: str
    client: "Client"

    def clone(
        self: Copied,
        name: str,
        *,
        trials: Wanted = "ended",
        unfit: str = "fail",
        **changes: Any,
    ) -> Copied:
        """Return a study of that name, made from this one.

        It has the same definition but for the changes, and copies of the
        trials, which use nothing of its budget.

        trials   which ones, see above
        unfit    what to do with those that are not in the changed search
                 space: "fail" (Unprocessable names the first) or "skip"
        changes  space, constraints, sampler, pruner, budget, iteration,
                 lease_s, max_attempts, constants, tags, notes or warm_start. Of a space
                 or a budget, what is not named stays; None removes a parameter

        Raises Conflict when the name is that of another study.
        """
        if "space" in changes:
            changes["space"] = _space(changes["space"])
        body = {"name": name, "trials": trials, "unfit": unfit}
        if changes:
            body["changes"] = changes
        document = self.client.request(
            "POST", f"/studies/{self.id}/clone", plain(body)
        )
        kind: Type[Copied] = type(self)
        study = kind.__new__(kind)
        study.client = self.client
        study._take(document)
        return study

    def merge(
        self,
        *studies: Union["Copies", str],
        trials: Wanted = "ended",
        unfit: str = "fail",
    ) -> Dict[str, Any]:
        """Append the trials of other studies, each of which once.

        They must have the same objectives and outcome constraints. The id of
        a copy is STUDY/NUMBER of where it comes from.

        studies  the others, or their ids
        trials, unfit  as for clone

        Return how many were "added", were "present" and "unfit".
        """
        sources = [
            study if isinstance(study, str) else study.id for study in studies
        ]
        body = {"from": sources, "trials": trials, "unfit": unfit}
        answer: Dict[str, Any] = self.client.request(
            "POST", f"/studies/{self.id}/merge", plain(body)
        )
        return answer

    def export(self, path: Union[str, Path]) -> None:
        """Write the whole study to a file.

        path  ends with .csv for a table, anything else has JSON lines: the
              study, then its trials with their reports

        The file takes the place of another one when it is complete.
        """
        write_export(self.client, f"/studies/{self.id}/export", Path(path))

    def _take(self, document: Dict[str, Any]) -> None:
        raise NotImplementedError


def _space(space: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a space as the service reads it; None removes a parameter."""
    there = {name: item for name, item in space.items() if item is not None}
    return {**dict.fromkeys(space), **space_as_json(there)}


def write_export(client: "Client", source: str, path: Path) -> None:
    """Write an export to a file, which is there when it is complete."""
    partial = path.with_name(path.name + ".part")
    form = "csv" if path.suffix == ".csv" else "jsonl"
    with partial.open("wb") as file:
        for page in client.download(source, {"format": form}):
            file.write(page)
    partial.replace(path)

# SPDX-License-Identifier: MIT
"""columns.py - the trials of a study as columns of numbers"""

from __future__ import annotations

from typing import Any, Dict, List

from .client import Client


class Columns:
    """What many trials say, without a document for each."""

    id: str
    client: Client

    def columns(self, *names: str) -> Dict[str, List[Any]]:
        """Return one list per name, with a cell per trial, by number.

        names  number, state, value.0 ..., constraint.0 ..., p.NAME,
               uncertainty, cost, wall_s, created, started, ended (ms since
               1970 UTC), attempt, retry_of, iteration, worker, remark;
               value.*, constraint.* and p.* are all of their kind.
               Default: number, state, value.*, p.*

        States and choices are spelled out; None is what a trial has not.
        Raises Unprocessable, which names a column that there is not.
        """
        query: Dict[str, Any] = {"cols": ",".join(names)} if names else {}
        found: Dict[str, List[Any]] = {}
        while True:
            page = self.client.request(
                "GET", f"/studies/{self.id}/columns", query=query
            )
            for name in page["columns"]:
                labels = page["labels"].get(name)
                cells = page["data"][name]
                found.setdefault(name, []).extend(
                    cells if labels is None else _spelled(cells, labels)
                )
            if not page["next"]:
                return found
            query["cursor"] = page["next"]


def _spelled(cells: List[Any], labels: List[Any]) -> List[Any]:
    return [None if cell is None else labels[int(cell)] for cell in cells]

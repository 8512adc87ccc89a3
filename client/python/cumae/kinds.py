# SPDX-License-Identifier: MIT
"""kinds.py - which class is for which kind of study"""

from __future__ import annotations

from typing import Any, Optional

from .any_study import AnyStudy
from .client import Client
from .contour import ContourStudy
from .errors import CumaeError
from .limit import LimitStudy
from .study import Study

CLASSES = (Study, LimitStudy, ContourStudy)


def open_study(
    study_id: str, client: Optional[Client] = None
) -> AnyStudy[Any]:
    """Return an existing study of any kind by its id, as an object of the class
    for its kind; raises NotFound."""
    client = client or Client()
    document = client.request("GET", f"/studies/{study_id}")
    for one in CLASSES:
        if document["kind"] in one.kinds:
            return one._known(document, client)
    raise CumaeError(
        f"study {study_id} is of kind {document['kind']}, which this version "
        "does not know"
    )

# SPDX-License-Identifier: MIT
"""kinds.py - which class is for which kind of study"""

from __future__ import annotations

from typing import Any, Dict, Optional, Type

from .any_study import AnyStudy
from .client import Client
from .contour import ContourStudy
from .errors import CumaeError
from .limit import LimitStudy
from .scan import Scan
from .study import Study

CLASSES = (Scan, LimitStudy, ContourStudy, Study)


def class_of(kind: str) -> Type[AnyStudy[Any]]:
    """Return the class for studies of a kind; raises CumaeError."""
    for one in CLASSES:
        if kind in one.kinds:
            return one
    raise CumaeError(f"this version knows no studies of kind {kind}")


def open_study(
    study_id: str, client: Optional[Client] = None
) -> AnyStudy[Any]:
    """Return an existing study of any kind by its id, as an object of the class
    for its kind; raises NotFound."""
    client = client or Client()
    document = client.request("GET", f"/studies/{study_id}")
    return class_of(document["kind"])._known(document, client)


def met_study(document: Dict[str, Any], client: Client) -> AnyStudy[Any]:
    """Return the study of which only id, name, kind and lease_s are known; one
    of kind contour is looked up, for which a token needs the scope `read`."""
    wanted = class_of(document["kind"])
    if wanted is ContourStudy:
        return wanted.open(document["id"], client)
    return wanted._known(document, client)

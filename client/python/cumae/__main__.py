# SPDX-License-Identifier: MIT
"""__main__.py - look after the spool: python -m cumae spool ...

    list             what waits, what was refused and why, what is no result
    deliver          tell the service what waits for it
    retry NAME...    let refused results wait again; --all: all of them
    drop NAME...     delete files for good; --all: all of them
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Callable, Dict, List, Optional

from .client import Client
from .errors import CumaeError
from .spool import Result, Spool, open_spool


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the command; return its exit status."""
    asked = _parser().parse_args(arguments)
    spool = open_spool(asked.folder)
    if spool is None:
        print("there is no spool: CUMAE_SPOOL is off", file=sys.stderr)
        return 1
    try:
        if asked.command == "deliver":
            return _deliver(spool)
        if asked.command == "retry":
            return _each(_refused(spool), asked, "waits again", spool.retry)
        if asked.command == "drop":
            return _each(_all(spool), asked, "is deleted", spool.drop)
        return _list(spool)
    except (CumaeError, OSError) as error:
        print(f"cumae: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cumae", description="Look after Cumae's client."
    )
    subjects = parser.add_subparsers(dest="subject", required=True)
    spool = subjects.add_parser(
        "spool", help="results that the service has not acknowledged yet"
    )
    spool.add_argument("--folder", help="instead of that of CUMAE_SPOOL")
    spool.set_defaults(command="list")
    commands = spool.add_subparsers(dest="command")
    commands.add_parser("list", help="show what lies there")
    commands.add_parser("deliver", help="tell the service what waits for it")
    for name, help_text in (
        ("retry", "let refused results wait again"),
        ("drop", "delete files for good"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("names", nargs="*", metavar="NAME")
        command.add_argument("--all", action="store_true")
    return parser


def _list(spool: Spool) -> int:
    for path, result in spool.waiting():
        print(f"{path.stem}  waits    {_text(result)}")
    for path, result, problem in spool.refused():
        why = f"{problem.get('status')} {problem.get('detail')}"
        print(f"{path.stem}  refused  {_text(result)}: {why}")
    for path in spool.bad():
        print(f"{path.name}  is no result")
    return 0


def _text(result: Result) -> str:
    told = result.told
    value = told.get("values", told.get("value", told.get("state")))
    where = f"{result.url} study {result.study_id} trial {result.number}"
    return f"{result.written}  {where}: {value}"


def _deliver(spool: Spool) -> int:
    """Deliver; the status is 0 when nothing waits any more."""
    with Client(spool=spool.folder) as client:
        outcome = client.delivery.deliver()
        print(f"{client.base_url}: {outcome.delivered} delivered,"
              f" {outcome.refused} refused, {outcome.left} left")
    others = sorted({result.url for _, result in spool.waiting()})
    for url in others:
        print(f"results wait for {url}: set CUMAE_URL and CUMAE_TOKEN")
    return 1 if others or outcome.refused else 0


def _refused(spool: Spool) -> Dict[str, Path]:
    return {path.stem: path for path, _, _ in spool.refused()}


def _all(spool: Spool) -> Dict[str, Path]:
    found = {path.stem: path for path, _ in spool.waiting()}
    found.update(_refused(spool))
    found.update({path.name: path for path in spool.bad()})
    return found


def _each(
    found: Dict[str, Path],
    asked: argparse.Namespace,
    done: str,
    act: Callable[[Path], object],
) -> int:
    """Do something to the files that were named."""
    names = sorted(found) if asked.all else asked.names
    missing = [name for name in names if name not in found]
    if missing or not (names or asked.all):
        what = f"there is no {missing[0]}" if missing else "which ones?"
        print(f"cumae: {what}", file=sys.stderr)
        return 2
    for name in names:
        act(found[name])
        print(f"{name} {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

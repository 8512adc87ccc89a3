# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of the layers finds every kind of offence: each test plants one
in a small tree that is otherwise clean."""

import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "layers.sh"

CLEAN = {
    "optimizers/space.h": "#include <stddef.h>\n",
    "optimizers/space.c": (
        '#include "space.h"\n#include <gsl/gsl_cdf.h>\n#include <stdlib.h>\n'
        "void *space_copy(void);\n"
        "void *space_copy(void) { return malloc(8); }\n"
    ),
    "optimizers/sampler_random.c": '#include "space.h"\n',
    "service/http_loop.c": "#include <microhttpd.h>\n",
    "service/wire.h": "#include <jansson.h>\n",
    "service/outbound.c": "#include <curl/curl.h>\n",
    "service/db_sqlite.c": '#include <sqlite3.h>\nchar *q = "SELECT 1";\n',
    "service/study.c": '#include "space.h"\nchar *m = "SELECTED";\n',
    "client/c/cumae.c": '#include "cumae.h"\n#include <curl/curl.h>\n',
}

OFFENCES = {
    "time": ("optimizers/a.c", "#include <time.h>\nlong a(void);\n"
             "long a(void) { return time(0); }\n"),
    "printf": ("optimizers/a.c", "int puts(const char *);\nint a(void);\n"
               'int a(void) { return puts("x"); }\n'),
    "variable": ("optimizers/a.c", "int counter;\n"),
    "initialised variable": ("optimizers/a.c", "int counter = 3;\n"),
    "service header": ("optimizers/a.c", '#include "wire.h"\n'),
    "another sampler": ("optimizers/sampler_a.c",
                        '#include "sampler_random.h"\n'),
    "another pruner": ("optimizers/pruner_a.c", '#include "pruner_nop.c"\n'),
    "microhttpd": ("service/route.c", "#include <microhttpd.h>\n"),
    "gnutls": ("service/auth.c", "#include <gnutls/gnutls.h>\n"),
    "libpq": ("service/store.c", "#include <libpq-fe.h>\n"),
    "sqlite": ("service/db_postgres.c", "#  include <sqlite3.h>\n"),
    "jansson": ("service/study.h", "#include <jansson.h>\n"),
    "openssl": ("service/account.c", "#include <openssl/evp.h>\n"),
    "curl": ("optimizers/a.c", "#include <curl/curl.h>\n"),
    "curl elsewhere": ("service/courier.c", "#include <curl/curl.h>\n"),
    "openssl in outbound": ("service/outbound.c",
                            "#include <openssl/hmac.h>\n"),
    "client": ("client/c/a.c", '#include "space.h"\n'),
    "client path": ("client/c/a.c", '#include "../../service/wire.h"\n'),
    "select": ("service/study.c", 'char *q = "SELECT 1";\n'),
    "insert": ("service/trial.c", 'char *q = "with x INSERT into y";\n'),
}


def check(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    archive = root / "liboptimizers.a"
    objects = []
    for source in sorted(root.glob("optimizers/*.c")):
        # Only what includes nothing odd needs to compile.
        code = "".join(line + "\n" for line in source.read_text().splitlines()
                       if "include" not in line)
        objects.append(source.with_suffix(".o"))
        subprocess.run(["cc", "-x", "c", "-c", "-o", objects[-1], "-w",
                        "-include", "stdlib.h", "-include", "time.h", "-"],
                       input=code, text=True, check=True)
    subprocess.run(["ar", "cr", archive, *objects], check=True)
    return subprocess.run([SCRIPT, archive, root], text=True,
                          capture_output=True)


def test_a_clean_tree_passes(tmp_path):
    result = check(tmp_path, CLEAN)
    assert result.stdout == ""
    assert result.returncode == 0


@pytest.mark.parametrize("offence", OFFENCES)
def test_an_offence_is_printed_and_fails(tmp_path, offence):
    name, text = OFFENCES[offence]
    result = check(tmp_path, CLEAN | {name: text})
    assert result.stdout.strip()
    assert result.returncode == 1


def test_an_archive_that_is_not_there_fails(tmp_path):
    result = subprocess.run([SCRIPT, tmp_path / "none.a", tmp_path],
                            capture_output=True)
    assert result.returncode != 0

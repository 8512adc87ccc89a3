// SPDX-License-Identifier: GPL-3.0-or-later
// route_import.c - POST /studies/import: a study from a file of an export

#include <string.h>

#include "auth.h"
#include "route_building.h"
#include "route_lines.h"
#include "wire_copy.h"

// The same file under the same name makes the same key.
static void make_key(const struct request *request, struct study_wanted *wanted)
{
    unsigned char hash[AUTH_HASH_BYTES];
    auth_hash(request->body, request->body_bytes, hash);
    memcpy(wanted->copy_key, hash, sizeof wanted->copy_key);
}

static int read_name(const struct call *call, const char **name,
                     struct error *err)
{
    static const char *const known[] = {"name", NULL};
    *name = request_query(call->request, "name");
    if (route_query_known(call, known, err))
        return -1;
    if (!call->request->body)
        return error_set(err, ERROR_INVALID, "line 1: study is required");
    return 0;
}

enum route_outcome route_study_import(struct call *call, struct error *err)
{
    struct request *request = call->request;
    struct arena *arena = &request->arena;
    struct imported imported = {0};
    const char *name;
    if (building_allowed(&call->principal, err) || read_name(call, &name, err))
        return ROUTE_FAILED;
    if (route_lines_read(request->body, request->body_bytes, name, arena,
                         &imported, err)) {
        definition_free(imported.definition);
        return ROUTE_FAILED;
    }
    struct building *building = building_new(call, 1, "study.import");
    struct study_wanted *wanted = &building->wanted;
    struct study_row source = {.key = imported.study,
                               .name = imported.name,
                               .progress.revision = imported.revision};
    wanted->definition = imported.definition;
    wanted->identity = study_identity(imported.definition, arena);
    wanted->copied_from = wire_copy_origin(&source, imported.n_left_out, arena);
    make_key(request, wanted);
    building->listed = imported.trials;
    building->n_listed = imported.n;
    building_begin(building);
    return ROUTE_LATER;
}

// SPDX-License-Identifier: GPL-3.0-or-later
// route_campaign_export.c - GET /campaigns/{id}/export: all trials of a
// campaign
//
// The pages are those of route_export.h, one segment after the other. The
// cursor is POSITION.NUMBER: the segment, and the last trial that was written.

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "campaign.h"
#include "route_campaign.h"
#include "route_export.h"
#include "wire_campaign.h"
#include "wire_csv.h"
#include "wire_definition.h"
#include "wire_export.h"

struct parcel {
    struct exporting exporting; // of the segment that is written now
    struct call *call;
    struct campaign_row row;
    struct segment_row *segments; // [n]
    size_t n;
    const struct segment_row *segment;
    int64_t position, after; // the cursor
    struct columns columns;
};

// ---- lines ------------------------------------------------------------------

// Puts the segment before a line that was written.
static void put_segment(struct exporting *exporting, size_t start)
{
    struct parcel *parcel = exporting->context;
    struct text *text = &exporting->text;
    struct arena arena;
    arena_init(&arena);
    size_t n = text->n - start;
    const char *line = arena_copy(&arena, text->data + start, n);
    text->n = start;
    if (exporting->csv) {
        wire_csv_text(text, parcel->segment->name);
        text_char(text, ',');
        if (!isnan(parcel->segment->x))
            text_real(text, parcel->segment->x);
        text_char(text, ',');
        columns_line(&parcel->columns, text, line, n);
        text_add(text, "\r\n");
    } else {
        text_char(text, '{');
        text_key_string(text, "segment", parcel->segment->name);
        text_key_real(text, "x", parcel->segment->x);
        text_char(text, ',');
        text_bytes(text, line + 1, n - 1);
    }
    arena_done(&arena);
}

// ---- segments ---------------------------------------------------------------

static int keep_segment(void *context, const struct segment_row *row,
                        struct error *err)
{
    struct parcel *parcel = context;
    (void)err;
    struct segment_row *kept = &parcel->segments[parcel->n++];
    *kept = *row;
    kept->name =
        arena_copy(&parcel->call->request->arena, row->name, strlen(row->name));
    return 0;
}

// The line with the names of the columns of a study, without its outputs: each
// page would have to read those of all segments.
static void head_of(const struct definition *definition, struct text *text,
                    struct arena *arena)
{
    static const struct outputs none;
    text_init(text, arena);
    wire_csv_head(text, definition, &none);
}

// Finds the columns of all segments; each page has to.
static int find_columns(struct parcel *parcel, struct store *store,
                        struct error *err)
{
    struct arena arena;
    int result = 0;
    arena_init(&arena);
    for (size_t i = 0; i < parcel->n && result == 0; i++) {
        struct study_row study;
        struct text head;
        arena_reset(&arena);
        result = store_study_get(store, parcel->segments[i].study_id, &arena,
                                 &study, err);
        struct definition *definition =
            result ? NULL : wire_definition_load(study.definition, err);
        if (definition) {
            head_of(definition, &head, &arena);
            columns_add(&parcel->columns, head.data, head.n);
        }
        result = definition ? 0 : -1;
        definition_free(definition);
    }
    arena_done(&arena);
    return result;
}

static int write_segment(struct parcel *parcel, struct store *store, bool *more,
                         struct error *err)
{
    struct exporting *exporting = &parcel->exporting;
    struct arena arena;
    struct text head;
    arena_init(&arena);
    int result = store_study_get(store, parcel->segment->study_id, &arena,
                                 &exporting->study, err);
    exporting->definition =
        result ? NULL : wire_definition_load(exporting->study.definition, err);
    if (exporting->definition && exporting->csv) {
        head_of(exporting->definition, &head, &arena);
        columns_take(&parcel->columns, head.data, head.n);
    }
    result = exporting->definition
                 ? route_export_trials(exporting, store, more, err)
                 : -1;
    definition_free(exporting->definition);
    arena_done(&arena);
    return result;
}

// ---- a page -----------------------------------------------------------------

static void write_head(struct parcel *parcel)
{
    struct text *text = &parcel->exporting.text;
    if (parcel->exporting.csv) {
        text_add(text, "segment,x,");
        columns_head(&parcel->columns, text);
        text_add(text, "\r\n");
        return;
    }
    text_add(text, "{\"campaign\":");
    wire_campaign_open(text, &parcel->row);
    text_key_int(text, "segments", parcel->row.n_segments);
    text_add(text, "}}\n");
}

// *more: there may be others after the cursor.
static int write_page(struct parcel *parcel, struct store *store, bool *more,
                      struct error *err)
{
    struct exporting *exporting = &parcel->exporting;
    *more = false;
    for (size_t i = 0; i < parcel->n; i++) {
        parcel->segment = &parcel->segments[i];
        if (parcel->segment->position < parcel->position)
            continue;
        bool begun = parcel->segment->position == parcel->position;
        exporting->after = begun ? parcel->after : -1;
        if (write_segment(parcel, store, more, err))
            return -1;
        parcel->position = parcel->segment->position;
        parcel->after = exporting->after;
        *more = *more || i + 1 < parcel->n;
        if (exporting->text.n >= EXPORT_PAGE_BYTES)
            return 0;
    }
    *more = false;
    return 0;
}

static int read_query(struct parcel *parcel, struct error *err)
{
    static const char *const known[] = {"format", "cursor", NULL};
    const struct call *call = parcel->call;
    const char *format = request_query(call->request, "format");
    const char *cursor = request_query(call->request, "cursor");
    int end = 0;
    parcel->position = parcel->after = -1;
    if (route_query_known(call, known, err))
        return -1;
    if (cursor && (sscanf(cursor, "%9" SCNd64 ".%9" SCNd64 "%n",
                          &parcel->position, &parcel->after, &end) != 2 ||
                   cursor[end] || parcel->position < 0))
        return error_set(err, ERROR_MALFORMED,
                         "cursor must be what a page gave, not \"%.40s\"",
                         cursor);
    parcel->exporting.csv = format && strcmp(format, "csv") == 0;
    if (format && !parcel->exporting.csv && strcmp(format, "jsonl") != 0)
        return error_set(err, ERROR_INVALID,
                         "format must be jsonl or csv, not \"%.40s\"", format);
    return 0;
}

static int export_page(struct parcel *parcel, bool *more, struct error *err)
{
    struct call *call = parcel->call;
    struct arena *arena = &call->request->arena;
    if (read_query(parcel, err) ||
        route_campaign_read(call, call->args[0], &parcel->row, err) !=
            ROUTE_DONE)
        return -1;
    parcel->segments =
        arena_zeros(arena, CAMPAIGN_MAX_SEGMENTS, sizeof *parcel->segments);
    parcel->exporting.each = put_segment;
    parcel->exporting.context = parcel;
    columns_init(&parcel->columns, arena);
    text_init(&parcel->exporting.text, arena);
    if (store_segment_list(call->store, parcel->row.id, -1,
                           CAMPAIGN_MAX_SEGMENTS, keep_segment, parcel, err) ||
        (parcel->exporting.csv && find_columns(parcel, call->store, err)))
        return -1;
    if (parcel->position < 0)
        write_head(parcel);
    return write_page(parcel, call->store, more, err);
}

enum route_outcome route_campaign_export(struct call *call, struct error *err)
{
    struct request *request = call->request;
    struct parcel parcel = {.call = call};
    bool more;
    if (export_page(&parcel, &more, err))
        return ROUTE_FAILED;
    const char *format = parcel.exporting.csv ? "csv" : "jsonl";
    if (more)
        reply_header(request, "Link",
                     arena_print(&request->arena,
                                 "<?format=%s&cursor=%" PRId64 ".%" PRId64
                                 ">; rel=\"next\"",
                                 format, parcel.position, parcel.after));
    reply_header(request, "Content-Disposition",
                 arena_print(&request->arena, "attachment; filename=\"%s.%s\"",
                             parcel.row.key, format));
    route_json(call, 200, &parcel.exporting.text);
    request->reply.content_type = parcel.exporting.csv
                                      ? "text/csv; charset=utf-8"
                                      : "application/x-ndjson";
    return ROUTE_DONE;
}

// SPDX-License-Identifier: GPL-3.0-or-later
// store_audit.c - what people changed, as the store keeps it

#include "store_audit.h"

#include "store_private.h"

int store_audit_add(struct store *store, const struct audit_row *row,
                    struct error *err)
{
    return db_write(
        store->db,
        DB_CALL(QUERY_AUDIT_ADD, db_int(row->at_ms),
                db_int_unless(row->user_id, 0), db_int_unless(row->token_id, 0),
                db_text(row->address), db_text(row->request_id),
                db_text(row->action), db_int_unless(row->study_id, 0),
                db_text(row->object), db_text(row->before),
                db_text(row->after)),
        err);
}

// SPDX-License-Identifier: GPL-3.0-or-later
// store_link.h - links to studies, as the store keeps them
//
// The conventions are those of store.h. A link is a token for guests
// (store_account.h: store_token_add), bound to its study.

#ifndef CUMAE_STORE_LINK_H
#define CUMAE_STORE_LINK_H

#include "store_account.h"

// Those that are valid now, newest first.
int store_link_list(struct store *store, int64_t study_id, int64_t now_ms,
                    int (*visit)(void *context, const struct token_row *row,
                                 struct error *err),
                    void *context, struct error *err);
int store_link_count(struct store *store, int64_t study_id, int64_t now_ms,
                     int64_t *n, struct error *err);

// Revokes a link of that study, whoever made it. ERROR_NOT_FOUND.
int store_link_revoke(struct store *store, int64_t study_id, int64_t id,
                      int64_t now_ms, struct error *err);

#endif

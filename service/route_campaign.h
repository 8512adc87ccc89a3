// SPDX-License-Identifier: GPL-3.0-or-later
// route_campaign.h - what the endpoints of campaigns share

#ifndef CUMAE_ROUTE_CAMPAIGN_H
#define CUMAE_ROUTE_CAMPAIGN_H

#include "route.h"
#include "store_campaign.h"

// Reads the campaign that `key` names, if the route's right on it is the
// caller's. Sets call->role and row->role.
enum route_outcome route_campaign_read(struct call *call, const char *key,
                                       struct campaign_row *row,
                                       struct error *err);

// The same, its id alone.
enum route_outcome route_campaign(struct call *call, const char *key,
                                  int64_t *id, struct error *err);

// Appends the campaign with the table of its segments, as the caller of this
// role sees it.
int route_campaign_write(struct store *store, struct text *text, int64_t id,
                         enum role role, struct error *err);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
// campaign.h - many studies from one template
//
// A campaign is a list of segments, each of which is a study of its owner, with
// the name CAMPAIGN/SEGMENT, whose definition is the template with what the
// segment overrides. Asks go to a campaign (roster.h) or to a study; all else
// about a study is as ever.
//
// A thousand studies take too long for one transaction, for others wait
// meanwhile. So they are built like a clone (copy.h), some in each transaction,
// in a campaign that nobody finds, of an identity that no name leads to. The
// last transaction gives them their names, and the campaign its own: it is
// there whole or not at all. Segments that are added are built in a hidden
// campaign of their own, which then gives them to the one that is there. What
// nobody goes on building is removed (campaign_sweep.h).

#ifndef CUMAE_CAMPAIGN_H
#define CUMAE_CAMPAIGN_H

#include "account.h"
#include "definition.h"
#include "quota.h"
#include "store_campaign.h"

enum {
    CAMPAIGN_MAX_SEGMENTS = 1000,
    CAMPAIGN_MAX_NAME = 100, // bytes; of a segment one less, for a study's name
                             // is CAMPAIGN/SEGMENT
    CAMPAIGN_MAX_SEGMENT = 99,
    CAMPAIGN_MAX_AXIS = 200,       // bytes
    CAMPAIGN_MAX_TEMPLATE = 65536, // bytes of JSON, also of what overrides it
    CAMPAIGN_STEP = 25,            // studies made in a transaction, at most,
    CAMPAIGN_STEP_US = 4000,       // and for about so long
    CAMPAIGN_GIVEN_UP_S = 600,     // without a step
};

struct campaign_segment {
    const char *name;
    double x;              // its place on the axis, NaN: none
    const char *overrides; // JSON, members sorted
};

// A campaign to find or to create, or segments to add to one.
struct campaign_wanted {
    int64_t into_id; // of the campaign that gets the segments; 0: a new one
    int64_t owner_id;
    const struct principal *principal; // whose studies it may learn from
    const char *key;                   // public id for a new one
    const char *name;
    const char *template_, *axis, *notes;               // of a new one
    unsigned char request_key[STORE_REQUEST_KEY_BYTES]; // the same for the same
                                                        // request
    const struct campaign_segment *segments;            // [n]
    size_t n;
    struct quota *quota; // of the owner; NULL: no limits

    // Makes the definition of the study of segment i.
    struct definition *(*define)(const struct campaign_wanted *wanted, size_t i,
                                 struct error *err);
    const void *context; // of define

    // out
    int64_t id;          // of the campaign once it is there
    bool made;           // it, or a segment of it, by this request
    size_t *missing;     // [n_missing] of the segments, caller's with room for
    size_t n_missing;    // n: those that are not there yet
    int64_t building_id; // of the hidden campaign
    size_t built, next;  // of `missing`: before a step, and after it
};

// Finds what the request has made before: then id is set. Otherwise makes a
// hidden campaign: building_id. Runs as a command of no study. ERROR_CONFLICT
// when the name is another campaign's, or a segment's is another segment's;
// ERROR_QUOTA when the owner may not have so many studies.
int campaign_begin(struct store *store, struct campaign_wanted *wanted,
                   struct error *err);

// Makes some more studies, from `built` on.
int campaign_build(struct store *store, struct campaign_wanted *wanted,
                   struct error *err);

// Makes all of it found, and sets id. When a racing call was first and asked
// for the same, that one's is the id, and what was built is to be given up.
// ERROR_CONFLICT as in campaign_begin, or when the owner has a study of one of
// the names.
int campaign_publish(struct store *store, struct campaign_wanted *wanted,
                     struct error *err);

// Changes name and notes; NULL stays as it is, notes "" are none. The studies
// keep their names. ERROR_CONFLICT: the owner has one of that name.
int campaign_change(struct store *store, const struct campaign_row *row,
                    const char *name, const char *notes, struct error *err);

// Deletes a campaign without segments. ERROR_CONFLICT when it has some.
int campaign_delete(struct store *store, int64_t id, struct error *err);

// Removes some studies of a campaign that was given up, and then the campaign:
// *gone.
int campaign_dismantle(struct store *store, int64_t id, bool *gone,
                       struct error *err);

#endif

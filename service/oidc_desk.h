// SPDX-License-Identifier: GPL-3.0-or-later
// oidc_desk.h - what is known of one provider of identities, and when it is
// asked again
//
// What is known is replaced as a whole, when all of it came and is sound. Who
// looks at it gets copies.

#ifndef CUMAE_OIDC_DESK_H
#define CUMAE_OIDC_DESK_H

#include <pthread.h>
#include <stdatomic.h>

#include "oidc_provider.h"
#include "wire_oidc.h"

enum {
    OIDC_RETRY_S = 5,   // after a failure
    OIDC_KEYS_S = 3600, // after this time it is asked anyway
};

struct oidc_desk {
    const struct oidc_provider *provider;
    const atomic_bool *stop;
    int64_t refresh_us;       // between two looks for keys that are not known
    pthread_mutex_t fetching; // one thread fetches, others wait for it
    pthread_mutex_t mutex;    // guards everything below
    struct arena arena;       // of the discovery
    struct oidc_discovery discovery;
    struct auth_key keys[OIDC_MAX_KEYS];
    size_t n_keys;
    bool known;
    unsigned fetches;   // that ended well
    int64_t fetched_us; // the last of them
    int64_t failed_us;  // the last one, unless one ended well since
    int64_t missed_us;  // the last one for a key that was not known
};

// For a zeroed desk whose first three fields are set.
void oidc_desk_init(struct oidc_desk *desk);
void oidc_desk_done(struct oidc_desk *desk);

// Asks the provider when it is time to. `missing`: because a key is not known.
// May wait for the provider, when there is no going on without it.
void oidc_desk_refresh(struct oidc_desk *desk, bool missing);

// Is anything known yet? *discovery is copied into the arena, unless NULL.
bool oidc_desk_look(struct oidc_desk *desk, struct arena *arena,
                    struct oidc_discovery *discovery);

// The key that the header names, for auth_key_done. Without a kid it is the
// only one of its algorithm. False: there is none.
bool oidc_desk_key(struct oidc_desk *desk, const struct oidc_header *header,
                   struct auth_key *key);

#endif

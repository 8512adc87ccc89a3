// SPDX-License-Identifier: GPL-3.0-or-later
// wire_provider.h - the JSON that says who may sign people in

#ifndef CUMAE_WIRE_PROVIDER_H
#define CUMAE_WIRE_PROVIDER_H

#include "oidc_provider.h"

// Reads the text of an `oidc_file` into the arena, but not the files that it
// names. Messages name the member: "providers[0].issuer ...".
int wire_providers_read(const char *text, struct arena *arena,
                        struct oidc_providers *providers, struct error *err);

#endif

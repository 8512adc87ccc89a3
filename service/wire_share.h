// SPDX-License-Identifier: GPL-3.0-or-later
// wire_share.h - the JSON of who may look at a study

#ifndef CUMAE_WIRE_SHARE_H
#define CUMAE_WIRE_SHARE_H

#include "member.h"
#include "wire.h"

const char *visibility_name(enum visibility visibility);

// Takes the members `visibility` and `group` out of an object, which may then
// be read as a definition or a change of one. ERROR_INVALID when they do not go
// together; `where` is the path of the object.
int wire_sharing_take(json_t *object, const char *where,
                      struct sharing *sharing, struct arena *arena,
                      struct error *err);

#endif

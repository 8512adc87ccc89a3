// SPDX-License-Identifier: GPL-3.0-or-later
// secret.h - secrets that come from outside, and who must not see them
//
// What is on a command line or in an environment is read by whoever may look
// at the process: by everybody with ps, by root and debuggers in /proc, by who
// gets a core dump. So the memory of arguments and variables that hold secrets
// is overwritten once they are read, the process cannot be dumped or traced by
// others of its user, and its files are its own. A secret is best kept in a
// file that only the service can read.

#ifndef CUMAE_SECRET_H
#define CUMAE_SECRET_H

#include "../optimizers/arena.h"
#include "../optimizers/error.h"

enum { SECRET_MAX_BYTES = 4096 };

// Forbids core dumps, and tracing and looking into /proc by other processes of
// this user; new files are for this user only.
void secret_lock_process(void);

// Overwrites the values of flags that hold secrets (`database`, and what is
// called a password, a secret or a token) in the memory that ps reads, and
// those of the variables CUMAE_... of such names. Both arrays end with NULL.
void secret_hide(char **argv, char **environment);

// The first line of a file. NULL and ERROR_INVALID when it cannot be read, is
// empty or longer than SECRET_MAX_BYTES; the message names the file only.
const char *secret_read(const char *path, struct arena *arena,
                        struct error *err);

// The text with everything but letters, digits and - . _ ~ percent-encoded
// (RFC 3986 2.1).
const char *secret_percent(const char *text, struct arena *arena);

// How many bytes of a text that was not understood may be repeated: its first
// word, and of that no more than what comes before a colon or an equals sign.
int secret_free(const char *text);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
// shell.h - what an administrator types: cumaed NOUN VERB
//
// A command acts on the database of the same settings, also while services run
// on it: they look at the revision of permissions and notice. It takes no lock
// on a SQLite file, for it touches nothing that a service keeps in memory but
// that, and it never changes the schema. Who may read the database may do
// everything in it, so a command asks for no password; its lines in the audit
// log have no user.
//
// Results are on standard output, and a secret there only, once; errors are on
// standard error. Exit status: 0 done, 1 failed, 2 misused.

#ifndef CUMAE_SHELL_H
#define CUMAE_SHELL_H

#include <stdbool.h>
#include <stdio.h>

// Does the command line begin with a word, and not with a flag?
bool shell_is_asked(char *const *argv);

// Runs the command. Returns the exit status.
int shell_run(char *const *argv);

// Prints the commands of a noun, or of all (NULL).
void shell_help(FILE *out, const char *noun);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
// shell.c - what an administrator types: cumaed NOUN VERB

#include "shell.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "shell_private.h"

// ---- tables -----------------------------------------------------------------

struct command_line {
    const char *noun, *verb;
    const char *argument; // what it is called, or NULL: there is none
    int (*run)(struct shell *shell, struct error *err);
    const char *help;
};

static const struct command_line commands[] = {
    {"token", "create", NULL, shell_token_create,
     "make a token for --user and print it"},
    {"token", "list", NULL, shell_token_list, "all tokens, or those of --user"},
    {"token", "revoke", "ID", shell_token_revoke, "end a token at once"},
    {"token", "rotate", "ID", shell_token_rotate,
     "replace a token; the old one lives on for --overlap_s"},
    {"user", "add", "NAME", shell_user_add, "make a user"},
    {"user", "list", NULL, shell_user_list, "all users"},
    {"user", "invite", "NAME", shell_user_invite,
     "print a link that signs the user in, once, within a week"},
    {"user", "disable", "NAME", shell_user_disable,
     "refuse all tokens and sessions of the user"},
    {"user", "enable", "NAME", shell_user_enable, "take them again"},
    {"user", "admin", "NAME", shell_user_admin, "make an administrator"},
    {"user", "unadmin", "NAME", shell_user_unadmin, "make a plain user"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

#define AT(field) offsetof(struct shell, field)

static const struct flag {
    const char *name;
    bool is_switch; // takes no value
    size_t offset;  // in struct shell
    const char *help;
} flags[] = {
    {"--user", false, AT(user), "NAME    whose token"},
    {"--name", false, AT(name), "TEXT    what the token is for"},
    {"--expires", false, AT(expires), "1d, 1w, 1m, 1y or a time [1m]"},
    {"--scopes", false, AT(scopes), "of read,ask,steer,admin [read,ask]"},
    {"--study", false, AT(study), "ID      the only study that it reaches"},
    {"--overlap_s", false, AT(overlap_s), "SECONDS up to 86400 [0]"},
    {"--display_name", false, AT(display_name), "TEXT    of a user"},
    {"--email", false, AT(email), "ADDRESS of a user"},
    {"--admin", true, AT(admin), "the user is an administrator"},
    {"--json", true, AT(json), "print JSON"},
};
enum { FLAGS = sizeof flags / sizeof *flags };

void shell_help(FILE *out, const char *noun)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command_line *c = &commands[i];
        if (!noun || strcmp(noun, c->noun) == 0)
            fprintf(out, "  cumaed %-5s %-7s %-5s  %s\n", c->noun, c->verb,
                    c->argument ? c->argument : "", c->help);
    }
    if (!noun)
        return;
    fputs("\nwith these flags, and those of cumaed --help to say which "
          "database:\n\n",
          out);
    for (size_t i = 0; i < FLAGS; i++)
        fprintf(out, "  %-15s %s\n", flags[i].name, flags[i].help);
}

// ---- the command line -------------------------------------------------------

bool shell_is_asked(char *const *argv)
{
    return argv[0] && argv[1] && argv[1][0] != '-';
}

static const struct flag *find_flag(const char *text, size_t n)
{
    for (size_t i = 0; i < FLAGS; i++)
        if (strlen(flags[i].name) == n && strncmp(flags[i].name, text, n) == 0)
            return &flags[i];
    return NULL;
}

// Takes one of our flags at argv[*i], and moves *i past it and its value.
// Returns 1 when it is none of ours.
static int take_flag(struct shell *shell, char *const *argv, size_t *i,
                     struct error *err)
{
    const char *text = argv[*i];
    size_t n = strcspn(text, "=");
    const struct flag *flag = find_flag(text, n);
    if (!flag)
        return 1;
    void *field = (char *)shell + flag->offset;
    ++*i;
    if (flag->is_switch) {
        *(bool *)field = true;
        return text[n] ? error_set(err, ERROR_INVALID, "%s takes no value",
                                   flag->name)
                       : 0;
    }
    const char *value = text[n] ? text + n + 1 : argv[*i];
    if (!value)
        return error_set(err, ERROR_INVALID, "%s needs a value", flag->name);
    *i += text[n] == '\0';
    *(const char **)field = value;
    return 0;
}

// Divides the words after NOUN VERB: our flags, the argument, and what is left
// for the settings.
static int divide(struct shell *shell, const struct command_line *command,
                  char *const *argv, char **rest, struct error *err)
{
    size_t n = 0;
    rest[n++] = argv[0];
    for (size_t i = 3; argv[i];) {
        int other = take_flag(shell, argv, &i, err);
        if (other < 0)
            return -1;
        if (other == 0)
            continue;
        if (strncmp(argv[i], "--", 2) == 0) { // a setting
            bool has_value = strchr(argv[i], '=') || !argv[i + 1];
            rest[n++] = argv[i++];
            if (!has_value)
                rest[n++] = argv[i++];
        } else if (command->argument && !shell->argument) {
            shell->argument = argv[i++];
        } else {
            return error_set(err, ERROR_INVALID, "what is \"%.80s\"?", argv[i]);
        }
    }
    rest[n] = NULL;
    return command->argument && !shell->argument
               ? error_set(err, ERROR_INVALID, "cumaed %s %s needs %s",
                           command->noun, command->verb, command->argument)
               : 0;
}

static int load(struct shell *shell, const struct command_line *command,
                char *const *argv, struct error *err)
{
    size_t n = 0;
    enum config_wish wish;
    while (argv[n])
        n++;
    char **rest = arena_zeros(&shell->arena, n + 1, sizeof *rest);
    if (divide(shell, command, argv, rest, err))
        return -1;
    return config_load(&shell->config, rest, &wish, err);
}

// ---- running ----------------------------------------------------------------

struct audit_row shell_audit(const char *action)
{
    return (struct audit_row){.at_ms = clock_wall_ms(), .action = action};
}

int shell_find_user(struct shell *shell, const char *name, struct user_row *row,
                    struct error *err)
{
    struct error fault = {0};
    if (store_user_find(shell->store, name, &shell->arena, row, &fault) == 0)
        return 0;
    return fault.code == ERROR_NOT_FOUND
               ? error_set(err, ERROR_NOT_FOUND, "there is no user \"%.80s\"",
                           name)
               : error_set(err, fault.code, "%s", fault.message);
}

int shell_end(struct shell *shell, int failed, struct error *err)
{
    if (!failed)
        return store_commit(shell->store, err);
    store_rollback(shell->store);
    return -1;
}

static int run(struct shell *shell, const struct command_line *command,
               struct error *err)
{
    const char *database = shell->config.database;
    if (store_check(database, err))
        return -1;
    shell->store = store_open(database, err);
    if (!shell->store)
        return -1;
    int result = command->run(shell, err);
    if (result == 0 && fflush(stdout))
        result = error_set(err, ERROR_STORE, "cannot write what was done");
    store_close(shell->store);
    return result;
}

static bool wants_help(char *const *argv)
{
    for (size_t i = 2; argv[i]; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static const struct command_line *find_command(char *const *argv)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].noun, argv[1]) == 0 && argv[2] &&
            strcmp(commands[i].verb, argv[2]) == 0)
            return &commands[i];
    return NULL;
}

static bool is_noun(const char *word)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].noun, word) == 0)
            return true;
    return false;
}

int shell_run(char *const *argv)
{
    struct shell shell = {0};
    struct error err = {0};
    const struct command_line *command = find_command(argv);
    const char *noun = is_noun(argv[1]) ? argv[1] : NULL;
    if (noun && wants_help(argv)) {
        shell_help(stdout, noun);
        return 0;
    }
    if (!command) {
        fputs("cumaed: the commands are\n", stderr);
        shell_help(stderr, noun);
        return 2;
    }
    log_set_level(LOG_ERROR);
    arena_init(&shell.arena);
    int status = load(&shell, command, argv, &err) ? 2
                 : run(&shell, command, &err)      ? 1
                                                   : 0;
    if (status)
        fprintf(stderr, "cumaed: %s\n", err.message);
    config_done(&shell.config);
    arena_done(&shell.arena);
    return status;
}

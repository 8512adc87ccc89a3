// SPDX-License-Identifier: GPL-3.0-or-later
// hopaas.c - the suggestion strings of the Hopaas protocol

#include "hopaas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/arena.h"
#include "text.h"

static const char prefix[] = "optuna#";

static const struct {
    const char *name;
    enum param_kind kind;
    bool log;
    size_t min_args, max_args;
} kinds[] = {
    {"uniform", PARAM_FLOAT, false, 2, 2},
    {"loguniform", PARAM_FLOAT, true, 2, 2},
    {"log_uniform", PARAM_FLOAT, true, 2, 2},
    {"float", PARAM_FLOAT, false, 2, 4},
    {"int", PARAM_INT, false, 2, 4},
    {"discrete_uniform", PARAM_FLOAT, false, 2, 3},
    {"categorical", PARAM_CATEGORICAL, false, 1, SPACE_MAX_CHOICES},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

bool hopaas_is_suggestion(const char *text)
{
    return strncmp(text, prefix, sizeof prefix - 1) == 0;
}

static bool equals(const char *text, const char *const *words)
{
    while (*words && strcmp(*words, text) != 0)
        words++;
    return *words != NULL;
}

// Is the text a number, and which?
static bool number(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0';
}

// Splits text at commas, in place. Returns the number of pieces.
static size_t split(char *text, struct arena *arena, char ***pieces)
{
    size_t n = *text ? 1 : 0;
    for (const char *p = text; *p; p++)
        n += *p == ',';
    *pieces = arena_zeros(arena, n, sizeof **pieces);
    for (size_t i = 0; i < n; i++) {
        (*pieces)[i] = text;
        text += strcspn(text, ",");
        if (*text)
            *text++ = '\0';
    }
    return n;
}

// Takes the blanks at both ends away, in place.
static void trim(char **text)
{
    *text += strspn(*text, " ");
    size_t n = strlen(*text);
    while (n > 0 && (*text)[n - 1] == ' ')
        n--;
    (*text)[n] = '\0';
}

static int read_range(struct param *param, char **args, size_t n,
                      struct error *err)
{
    static const char *const none[] = {"None", "NaN", "nan", "null", "", NULL};
    static const char *const yes[] = {"true", "True", "1", NULL};
    static const char *const no[] = {"false", "False", "0", NULL};
    param->step = param->kind == PARAM_INT;
    for (size_t i = 0; i < n; i++)
        trim(&args[i]);
    if (!number(args[0], &param->low) || !number(args[1], &param->high))
        return error_set(err, ERROR_INVALID,
                         "%s: bounds must be numbers, not %.40s and %.40s",
                         param->name, args[0], args[1]);
    if (n > 2 && !equals(args[2], none) && !number(args[2], &param->step))
        return error_set(err, ERROR_INVALID,
                         "%s: step must be a number, not %.40s", param->name,
                         args[2]);
    if (n > 2 && !equals(args[2], none) && !(param->step > 0))
        return error_set(err, ERROR_INVALID, "%s: step must be above 0, not %g",
                         param->name, param->step);
    if (n > 3 && !equals(args[3], yes) && !equals(args[3], no))
        return error_set(err, ERROR_INVALID,
                         "%s: log must be true or false, not %.40s",
                         param->name, args[3]);
    param->log = param->log || (n > 3 && equals(args[3], yes));
    // Optuna takes no step together with log; int(...,1,true) is what the
    // client sends for a plain log int.
    if (param->log && param->kind == PARAM_FLOAT)
        param->step = 0;
    return 0;
}

static int read_choices(struct param *param, char **args, size_t n,
                        struct arena *arena, struct error *err)
{
    // What wire.h marks numbers with: stored, it would be one.
    static const char mark[] = "\xef\xa3\xbf";
    param->n_choices = n;
    param->choices = arena_zeros(arena, n, sizeof *param->choices);
    for (size_t i = 0; i < n; i++) {
        struct text text;
        if (strncmp(args[i], mark, sizeof mark - 1) == 0)
            return error_set(
                err, ERROR_INVALID,
                "%s: a choice must not begin with U+F8FF, as %.40s",
                param->name, args[i]);
        text_init(&text, arena);
        text_string(&text, args[i]);
        param->choices[i] = text.data;
    }
    return 0;
}

static int add(struct space *space, const char *name, const char *suggestion,
               struct arena *arena, struct error *err)
{
    const char *kind = suggestion + sizeof prefix - 1;
    const char *open = strchr(kind, '('), *close = strrchr(kind, ')');
    size_t k = 0;
    if (!open || !close || close < open)
        return error_set(err, ERROR_INVALID,
                         "%s: \"%.80s\" has no arguments in parentheses", name,
                         suggestion);
    while (k < KINDS &&
           (strlen(kinds[k].name) != (size_t)(open - kind) ||
            strncmp(kinds[k].name, kind, (size_t)(open - kind)) != 0))
        k++;
    if (k == KINDS)
        return error_set(err, ERROR_INVALID,
                         "%s: unknown kind of suggestion \"%.*s\"", name,
                         (int)(open - kind < 40 ? open - kind : 40), kind);
    char *inner = arena_copy(arena, open + 1, (size_t)(close - open - 1));
    char **args;
    size_t n = split(inner, arena, &args);
    if (n < kinds[k].min_args || n > kinds[k].max_args)
        return error_set(
            err, ERROR_INVALID, "%s: %s takes %zu to %zu arguments, not %zu",
            name, kinds[k].name, kinds[k].min_args, kinds[k].max_args, n);
    struct param param = {.name = arena_copy(arena, name, strlen(name)),
                          .kind = kinds[k].kind,
                          .log = kinds[k].log};
    if (param.kind == PARAM_CATEGORICAL
            ? read_choices(&param, args, n, arena, err)
            : read_range(&param, args, n, err))
        return -1;
    return space_add(space, &param, err);
}

int hopaas_add(struct space *space, const char *name, const char *suggestion,
               struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    int result = add(space, name, suggestion, &arena, err);
    arena_done(&arena);
    return result;
}

// SPDX-License-Identifier: GPL-3.0-or-later
// expression.c - a formula over the parameters of a space, as users write it
//
// Recursive descent, a function for each rank of operators. Each of them
// appends the steps that leave its value on the stack, and returns what kind
// of value that is.

#include "expression.h"

#include <stdlib.h>
#include <string.h>

#include "lexeme.h"

enum kind { FAULT, NUMBER, TRUTH, CATEGORY, WORD };

struct operand {
    enum kind kind;
    size_t at;           // of its first step
    struct lexeme first; // where it begins
};

struct reader {
    const char *begin, *p;
    const struct space *space;
    struct lexeme next;
    struct step *steps;
    size_t n, stack, depth;
    struct error *err;
};

// ---- steps ------------------------------------------------------------------

static const struct operand fault = {.kind = FAULT};

// Ends the reading. The column is that of a lexeme.
static struct operand fail(struct reader *reader, const struct lexeme *where,
                           const char *what)
{
    error_set(reader->err, ERROR_INVALID, "column %zu: %s", where->column,
              what);
    return fault;
}

static struct operand unexpected(struct reader *reader, const char *wanted)
{
    const struct lexeme *next = &reader->next;
    if (next->kind == LEXEME_END)
        error_set(reader->err, ERROR_INVALID,
                  "column %zu: expected %s, not the end", next->column, wanted);
    else
        error_set(reader->err, ERROR_INVALID,
                  "column %zu: expected %s, not %.*s", next->column, wanted,
                  (int)(next->n < 40 ? next->n : 40), next->text);
    return fault;
}

static bool advance(struct reader *reader)
{
    return lexeme_read(reader->begin, &reader->p, &reader->next, reader->err) ==
           0;
}

static void append(struct reader *reader, struct step step)
{
    reader->steps[reader->n++] = step;
}

// A step that leaves one value more.
static struct operand leave(struct reader *reader, enum kind kind,
                            struct step step)
{
    struct operand operand = {kind, reader->n, reader->next};
    if (++reader->stack > PROGRAM_MAX_STACK)
        return fail(reader, &reader->next, "too many values that wait");
    append(reader, step);
    return advance(reader) ? operand : fault;
}

// A step that makes one value of the last two.
static void join(struct reader *reader, enum step_kind operation)
{
    reader->stack--;
    append(reader, (struct step){.kind = operation});
}

// ---- words ------------------------------------------------------------------

static struct operand read_or(struct reader *reader);

static struct operand read_param(struct reader *reader, size_t k)
{
    static const enum kind kinds[] = {
        [PARAM_FLOAT] = NUMBER,         [PARAM_INT] = NUMBER,
        [PARAM_DISCRETE] = NUMBER,      [PARAM_BOOL] = TRUTH,
        [PARAM_CATEGORICAL] = CATEGORY,
    };
    return leave(reader, kinds[reader->space->params[k].kind],
                 (struct step){.kind = STEP_LOAD, .k = k});
}

static struct operand read_name(struct reader *reader)
{
    const struct lexeme *next = &reader->next;
    for (size_t k = 0; k < reader->space->n; k++) {
        const char *name = reader->space->params[k].name;
        if (strlen(name) == next->n && memcmp(name, next->text, next->n) == 0)
            return read_param(reader, k);
    }
    error_set(reader->err, ERROR_INVALID,
              "column %zu: there is no parameter %.*s", next->column,
              (int)(next->n < 80 ? next->n : 80), next->text);
    return fault;
}

// Behind the name of a function: its arguments. The value of each further one
// of max and min is joined to what is there.
static struct operand read_call(struct reader *reader,
                                const struct lexeme *name,
                                enum step_kind operation, size_t n_arguments)
{
    struct operand call = {NUMBER, reader->n, *name};
    bool many = operation == STEP_MAX || operation == STEP_MIN;
    size_t n = 0;
    do {
        if (!advance(reader))
            return fault;
        struct operand argument = read_or(reader);
        if (argument.kind == FAULT)
            return fault;
        if (argument.kind != NUMBER)
            return fail(reader, &argument.first, "expected a number");
        if (n++ && n_arguments == 2)
            join(reader, operation);
    } while (lexeme_is(&reader->next, ",") && (many || n < n_arguments));
    if (n < n_arguments || !lexeme_is(&reader->next, ")"))
        return unexpected(reader, n < n_arguments ? "a comma" : ")");
    if (n_arguments == 1)
        append(reader, (struct step){.kind = operation});
    return advance(reader) ? call : fault;
}

static struct operand read_function(struct reader *reader,
                                    const struct lexeme *name)
{
    static const struct {
        const char *name;
        enum step_kind operation;
        size_t n_arguments;
    } functions[] = {
        {"abs", STEP_ABS, 1},     {"exp", STEP_EXP, 1},
        {"floor", STEP_FLOOR, 1}, {"log", STEP_LOG, 1},
        {"max", STEP_MAX, 2},     {"min", STEP_MIN, 2},
        {"pow", STEP_POWER, 2},   {"sqrt", STEP_SQRT, 1},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (lexeme_says(name, functions[i].name))
            return read_call(reader, name, functions[i].operation,
                             functions[i].n_arguments);
    return fail(reader, name,
                "the functions are abs, exp, floor, log, max, min, pow, sqrt");
}

// A word of the language, a function or a parameter.
static struct operand read_word(struct reader *reader)
{
    static const char *const operators[] = {"and", "or", "not"};
    struct step step = {.kind = STEP_PUSH};
    const struct lexeme word = reader->next;
    const char *behind = reader->p + strspn(reader->p, " \t\r\n");
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (lexeme_says(&word, operators[i]))
            return unexpected(reader, "a number, a name or (");
    step.number = lexeme_says(&word, "true");
    if (lexeme_says(&word, "true") || lexeme_says(&word, "false"))
        return leave(reader, TRUTH, step);
    if (lexeme_says(&word, "null"))
        return leave(reader, WORD, step);
    if (*behind != '(')
        return read_name(reader);
    return advance(reader) ? read_function(reader, &word) : fault;
}

static struct operand read_primary(struct reader *reader)
{
    struct step step = {.kind = STEP_PUSH, .number = reader->next.number};
    switch (reader->next.kind) {
    case LEXEME_NUMBER:
        return leave(reader, NUMBER, step);
    case LEXEME_TEXT:
        return leave(reader, WORD, step);
    case LEXEME_QUOTED:
        return read_name(reader);
    case LEXEME_NAME:
        return read_word(reader);
    default:
        break;
    }
    if (!lexeme_is(&reader->next, "("))
        return unexpected(reader, "a number, a name or (");
    struct operand inner = advance(reader) ? read_or(reader) : fault;
    if (inner.kind == FAULT)
        return fault;
    if (!lexeme_is(&reader->next, ")"))
        return unexpected(reader, "an operator or )");
    return advance(reader) ? inner : fault;
}

// ---- operators --------------------------------------------------------------

// Checks both sides of an operator that takes two of a kind, and appends it.
static struct operand combine(struct reader *reader, struct operand left,
                              struct operand right, enum kind wanted,
                              enum step_kind operation)
{
    const struct operand *wrong = left.kind != wanted ? &left : &right;
    if (left.kind == FAULT || right.kind == FAULT)
        return fault;
    if (wrong->kind != wanted)
        return fail(reader, &wrong->first,
                    wanted == NUMBER ? "expected a number"
                                     : "expected true or false");
    join(reader, operation);
    return (struct operand){wanted, left.at, left.first};
}

static struct operand read_sign(struct reader *reader);

static struct operand read_power(struct reader *reader)
{
    struct operand base = read_primary(reader);
    if (base.kind == FAULT || !lexeme_is(&reader->next, "^"))
        return base;
    struct operand exponent = advance(reader) ? read_sign(reader) : fault;
    return combine(reader, base, exponent, NUMBER, STEP_POWER);
}

// Every way to stand inside of something else leads through here.
static struct operand read_sign(struct reader *reader)
{
    struct lexeme sign = reader->next;
    if (reader->depth == EXPRESSION_MAX_DEPTH)
        return fail(reader, &sign, "too much stands inside one another");
    reader->depth++;
    bool negative = lexeme_is(&sign, "-");
    struct operand operand = !negative         ? read_power(reader)
                             : advance(reader) ? read_sign(reader)
                                               : fault;
    reader->depth--;
    if (!negative || operand.kind == FAULT)
        return operand;
    if (operand.kind != NUMBER)
        return fail(reader, &operand.first, "expected a number");
    append(reader, (struct step){.kind = STEP_NEGATE});
    return (struct operand){NUMBER, operand.at, sign};
}

static struct operand read_product(struct reader *reader)
{
    struct operand left = read_sign(reader);
    bool times;
    while (left.kind != FAULT && ((times = lexeme_is(&reader->next, "*")) ||
                                  lexeme_is(&reader->next, "/"))) {
        struct operand right = advance(reader) ? read_sign(reader) : fault;
        left = combine(reader, left, right, NUMBER,
                       times ? STEP_MULTIPLY : STEP_DIVIDE);
    }
    return left;
}

static struct operand read_sum(struct reader *reader)
{
    struct operand left = read_product(reader);
    bool plus;
    while (left.kind != FAULT && ((plus = lexeme_is(&reader->next, "+")) ||
                                  lexeme_is(&reader->next, "-"))) {
        struct operand right = advance(reader) ? read_product(reader) : fault;
        left = combine(reader, left, right, NUMBER,
                       plus ? STEP_ADD : STEP_SUBTRACT);
    }
    return left;
}

// ---- choices ----------------------------------------------------------------

// Is the JSON text of a choice this text? A choice with control characters,
// whose text has other escapes than those of quote and backslash, has no name.
static bool is_text(const char *json, const struct lexeme *text)
{
    size_t i = 0;
    if (*json++ != '"')
        return false;
    for (; *json != '"'; i++) {
        if (*json == '\\' && *++json != '"' && *json != '\\')
            return false;
        if (i == text->n || *json++ != text->text[i])
            return false;
    }
    return i == text->n;
}

static bool is_choice(const char *json, const struct operand *literal,
                      double number)
{
    const struct lexeme *lexeme = &literal->first;
    char *end;
    if (lexeme->kind == LEXEME_TEXT)
        return is_text(json, lexeme);
    if (literal->kind != NUMBER)
        return strlen(json) == lexeme->n &&
               memcmp(json, lexeme->text, lexeme->n) == 0;
    return (*json == '-' || (*json >= '0' && *json <= '9')) &&
           strtod(json, &end) == number && *end == '\0';
}

// The value of a literal, of which the steps are one STEP_PUSH, negated or not.
static bool literal_value(const struct reader *reader,
                          const struct operand *literal, size_t end,
                          double *number)
{
    const struct step *steps = reader->steps + literal->at;
    size_t n = end - literal->at;
    if (n == 0 || n > 2 || steps->kind != STEP_PUSH ||
        (n == 2 && steps[1].kind != STEP_NEGATE))
        return false;
    *number = n == 2 ? -steps->number : steps->number;
    return true;
}

// Replaces a literal, the steps up to `end`, by the index of the choice.
static bool name_choice(struct reader *reader, size_t k,
                        const struct operand *literal, size_t end)
{
    const struct param *param = &reader->space->params[k];
    struct step *steps = reader->steps + literal->at;
    double number;
    if (!literal_value(reader, literal, end, &number)) {
        fail(reader, &literal->first,
             "a categorical parameter is compared with one of its choices");
        return false;
    }
    for (size_t i = 0; i < param->n_choices; i++) {
        if (!is_choice(param->choices[i], literal, number))
            continue;
        steps->number = end - literal->at == 2 ? -(double)i : (double)i;
        return true;
    }
    error_set(reader->err, ERROR_INVALID,
              "column %zu: %.80s has no such choice", literal->first.column,
              param->name);
    return false;
}

static struct operand compare(struct reader *reader, struct operand left,
                              struct operand right, enum step_kind operation)
{
    bool equality = operation == STEP_EQUAL || operation == STEP_UNEQUAL;
    const struct operand *choice = left.kind == CATEGORY ? &left : &right;
    if (right.kind == FAULT)
        return fault;
    if (equality && choice->kind == CATEGORY) {
        bool first = choice == &left;
        if (!name_choice(reader, reader->steps[choice->at].k,
                         first ? &right : &left, first ? reader->n : right.at))
            return fault;
        join(reader, operation);
        return (struct operand){TRUTH, left.at, left.first};
    }
    bool truths = equality && left.kind == TRUTH;
    left = combine(reader, left, right, truths ? TRUTH : NUMBER, operation);
    return left.kind == FAULT ? fault
                              : (struct operand){TRUTH, left.at, left.first};
}

static bool comparison(const struct lexeme *lexeme, enum step_kind *operation)
{
    static const char *const signs[] = {"<", "<=", ">", ">=", "==", "!="};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        *operation = (enum step_kind)(STEP_LESS + i);
        if (lexeme_is(lexeme, signs[i]))
            return true;
    }
    return false;
}

// ---- truths -----------------------------------------------------------------

static struct operand read_comparison(struct reader *reader)
{
    struct operand left = read_sum(reader);
    enum step_kind operation;
    if (left.kind == FAULT || !comparison(&reader->next, &operation))
        return left;
    struct operand right = advance(reader) ? read_sum(reader) : fault;
    left = compare(reader, left, right, operation);
    if (left.kind != FAULT && comparison(&reader->next, &operation))
        return fail(reader, &reader->next,
                    "comparisons do not chain: a < b and b < c");
    return left;
}

static struct operand read_not(struct reader *reader)
{
    struct lexeme word = reader->next;
    size_t n = 0;
    for (; lexeme_says(&reader->next, "not"); n++)
        if (!advance(reader))
            return fault;
    struct operand operand = read_comparison(reader);
    if (n == 0 || operand.kind == FAULT)
        return operand;
    if (operand.kind != TRUTH)
        return fail(reader, &operand.first, "expected true or false");
    for (size_t i = 0; i < n; i++)
        append(reader, (struct step){.kind = STEP_NOT});
    return (struct operand){TRUTH, operand.at, word};
}

static struct operand read_and(struct reader *reader)
{
    struct operand left = read_not(reader);
    while (left.kind != FAULT && lexeme_says(&reader->next, "and")) {
        struct operand right = advance(reader) ? read_not(reader) : fault;
        left = combine(reader, left, right, TRUTH, STEP_AND);
    }
    return left;
}

static struct operand read_or(struct reader *reader)
{
    struct operand left = read_and(reader);
    while (left.kind != FAULT && lexeme_says(&reader->next, "or")) {
        struct operand right = advance(reader) ? read_and(reader) : fault;
        left = combine(reader, left, right, TRUTH, STEP_OR);
    }
    return left;
}

int expression_read(const char *text, const struct space *space,
                    struct arena *arena, struct expression *expression,
                    struct error *err)
{
    size_t bytes = strlen(text);
    struct reader reader = {
        .begin = text, .p = text, .space = space, .err = err};
    if (bytes > EXPRESSION_MAX_BYTES)
        return error_set(err, ERROR_INVALID,
                         "column %d: an expression has at most %d bytes, not "
                         "%zu",
                         EXPRESSION_MAX_BYTES + 1, EXPRESSION_MAX_BYTES, bytes);
    // Each step comes from a byte or more of its own.
    reader.steps = arena_zeros(arena, bytes + 1, sizeof *reader.steps);
    if (!advance(&reader))
        return -1;
    struct operand whole = read_or(&reader);
    if (whole.kind == FAULT)
        return -1;
    if (reader.next.kind != LEXEME_END)
        unexpected(&reader, "an operator");
    else if (whole.kind != NUMBER && whole.kind != TRUTH)
        fail(&reader, &whole.first, "expected a number, true or false");
    *expression =
        (struct expression){reader.n, reader.steps, whole.kind == TRUTH};
    return err->code ? -1 : 0;
}

double expression_value(const struct expression *expression,
                        const struct space *space, const double *point)
{
    double value =
        program_value(expression->steps, expression->n, space, point);
    return expression->truth ? value == 1 : value;
}

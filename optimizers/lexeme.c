// SPDX-License-Identifier: GPL-3.0-or-later
// lexeme.c - the words and signs of an expression, one after the other

#include "lexeme.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789";

// Not isalpha: the locale must not matter.
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// The bytes of a number: strtod would take "0x1p3", "inf" and "nan" as well.
static size_t number_bytes(const char *p)
{
    size_t n = strspn(p, digits);
    if (p[n] == '.')
        n += 1 + strspn(p + n + 1, digits);
    if (p[n] != 'e' && p[n] != 'E')
        return n;
    size_t sign = p[n + 1] == '+' || p[n + 1] == '-';
    size_t power = strspn(p + n + 1 + sign, digits);
    return power ? n + 1 + sign + power : n;
}

static int read_number(const char **p, struct lexeme *lexeme, struct error *err)
{
    lexeme->kind = LEXEME_NUMBER;
    lexeme->n = number_bytes(*p);
    // It ends where we say: what strtod might add to it begins with a letter.
    const char *behind = *p + lexeme->n;
    if (is_letter(*behind))
        return error_set(err, ERROR_INVALID,
                         "column %zu: expected an operator behind a number",
                         lexeme->column + lexeme->n);
    lexeme->number = strtod(*p, NULL);
    *p = behind;
    if (isfinite(lexeme->number))
        return 0;
    return error_set(err, ERROR_INVALID,
                     "column %zu: a number is at most 1.8e308", lexeme->column);
}

static int read_quoted(const char **p, struct lexeme *lexeme, struct error *err)
{
    char quote = **p;
    const char *end = strchr(*p + 1, quote);
    if (!end)
        return error_set(err, ERROR_INVALID,
                         "column %zu: %c without another one", lexeme->column,
                         quote);
    lexeme->kind = quote == '`' ? LEXEME_QUOTED : LEXEME_TEXT;
    lexeme->text = *p + 1;
    lexeme->n = (size_t)(end - lexeme->text);
    *p = end + 1;
    return 0;
}

static int read_sign(const char **p, struct lexeme *lexeme, struct error *err)
{
    static const char *const signs[] = {
        "**", "<=", ">=", "==", "!=", "<", ">", "+",
        "-",  "*",  "/",  "^",  "(",  ")", ","};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i]);
        if (strncmp(*p, signs[i], n) != 0)
            continue;
        lexeme->kind = LEXEME_SIGN;
        lexeme->n = n;
        memcpy(lexeme->sign, i == 0 ? "^" : signs[i], i == 0 ? 2 : n + 1);
        *p += n;
        return 0;
    }
    return error_set(err, ERROR_INVALID, "column %zu: %s %c has no meaning",
                     lexeme->column, **p == '=' ? "one" : "the character",
                     **p >= ' ' && **p != 0x7f ? **p : '?');
}

int lexeme_read(const char *begin, const char **p, struct lexeme *lexeme,
                struct error *err)
{
    *p += strspn(*p, " \t\r\n");
    *lexeme = (struct lexeme){.text = *p, .column = (size_t)(*p - begin) + 1};
    if (**p == '\0')
        return 0;
    if (is_digit(**p) || (**p == '.' && is_digit((*p)[1])))
        return read_number(p, lexeme, err);
    if (strchr("`'\"", **p))
        return read_quoted(p, lexeme, err);
    if (!is_letter(**p))
        return read_sign(p, lexeme, err);
    lexeme->kind = LEXEME_NAME;
    while (is_letter(**p) || is_digit(**p) || **p == '.')
        ++*p;
    lexeme->n = (size_t)(*p - lexeme->text);
    return 0;
}

bool lexeme_is(const struct lexeme *lexeme, const char *sign)
{
    return lexeme->kind == LEXEME_SIGN && strcmp(lexeme->sign, sign) == 0;
}

bool lexeme_says(const struct lexeme *lexeme, const char *word)
{
    return lexeme->kind == LEXEME_NAME && strlen(word) == lexeme->n &&
           memcmp(lexeme->text, word, lexeme->n) == 0;
}

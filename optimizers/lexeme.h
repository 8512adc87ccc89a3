// SPDX-License-Identifier: GPL-3.0-or-later
// lexeme.h - the words and signs of an expression, one after the other
//
//   NUMBER  12  .5  1e-3
//   NAME    letters, digits, _ and . after a letter or _, and any bytes beyond
//           ASCII; anything between two `
//   TEXT    anything between two ' or two "
//   SIGN    ( ) , + - * / ^ ** < <= > >= == !=; ** is read as ^
//
// A lexeme points into the text that it was read from.

#ifndef CUMAE_LEXEME_H
#define CUMAE_LEXEME_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum lexeme_kind {
    LEXEME_END,
    LEXEME_NUMBER,
    LEXEME_NAME,
    LEXEME_QUOTED, // a name between `
    LEXEME_TEXT,
    LEXEME_SIGN,
};

struct lexeme {
    enum lexeme_kind kind;
    const char *text; // of a name or text without its quotes
    size_t n;         // bytes
    size_t column;    // where it begins, the first byte is 1
    double number;
    char sign[3];
};

// Reads the lexeme at *p, behind blanks, and moves *p behind it. `begin` is
// where the text began. ERROR_INVALID, with the column: a character that is no
// sign, a quote without its other half, a number beyond the range of a double.
int lexeme_read(const char *begin, const char **p, struct lexeme *lexeme,
                struct error *err);

// Is it this sign?
bool lexeme_is(const struct lexeme *lexeme, const char *sign);

// Is it this word, without quotes?
bool lexeme_says(const struct lexeme *lexeme, const char *word);

#endif

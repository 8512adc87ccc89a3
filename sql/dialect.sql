-- dialect.sql - the words that differ between PostgreSQL and SQLite
--
-- @word@ in a migration or query is replaced by the second column for
-- PostgreSQL and by the third for SQLite. A migration is recorded with the
-- SHA-256 of the text after this substitution: a word that a released
-- migration uses never changes.

-- Types. Times are milliseconds since 1970 UTC; flags are booleans (0 and 1
-- in SQLite); arrays of doubles are little-endian blobs in SQLite.
-- word: identity | bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY | INTEGER PRIMARY KEY AUTOINCREMENT
-- word: int | bigint | INTEGER
-- word: small | smallint | INTEGER
-- word: real | double precision | REAL
-- word: bytes | bytea | BLOB
-- word: doubles | double precision[] | BLOB
-- word: flag | boolean | INTEGER

-- What follows the closing parenthesis of a table. @hot@ is for tables whose
-- rows are updated often: room on the page for the next version of a row
-- (HOT), and texts of more than a few words kept out of the row.
-- word: table | | STRICT
-- word: hot | WITH (fillfactor = 80, toast_tuple_target = 256) | STRICT

-- Queries.
-- word: lock | FOR NO KEY UPDATE | 
-- word: position | strpos | instr

// SPDX-License-Identifier: GPL-3.0-or-later
// answers.c - a few answers that took long to compute

#include "answers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 64 };

struct kept {
    char *question, *answer;
    int64_t revision;
};

struct answers {
    pthread_mutex_t mutex;
    struct kept kept[KEPT];
    size_t next; // the oldest one
};

struct answers *answers_new(void)
{
    struct answers *answers = calloc(1, sizeof *answers);
    if (!answers)
        abort();
    pthread_mutex_init(&answers->mutex, NULL);
    return answers;
}

static void clear(struct kept *kept)
{
    free(kept->question);
    free(kept->answer);
    *kept = (struct kept){0};
}

void answers_free(struct answers *answers)
{
    if (!answers)
        return;
    for (size_t i = 0; i < KEPT; i++)
        clear(&answers->kept[i]);
    pthread_mutex_destroy(&answers->mutex);
    free(answers);
}

static struct kept *find(struct answers *answers, const char *question)
{
    for (size_t i = 0; i < KEPT; i++)
        if (answers->kept[i].question &&
            strcmp(answers->kept[i].question, question) == 0)
            return &answers->kept[i];
    return NULL;
}

const char *answers_get(struct answers *answers, const char *question,
                        int64_t revision, struct arena *arena)
{
    pthread_mutex_lock(&answers->mutex);
    const struct kept *kept = find(answers, question);
    const char *answer =
        kept && kept->revision == revision
            ? arena_copy(arena, kept->answer, strlen(kept->answer))
            : NULL;
    pthread_mutex_unlock(&answers->mutex);
    return answer;
}

void answers_put(struct answers *answers, const char *question,
                 int64_t revision, const char *answer)
{
    struct kept fresh = {strdup(question), strdup(answer), revision};
    if (!fresh.question || !fresh.answer)
        abort();
    pthread_mutex_lock(&answers->mutex);
    struct kept *place = find(answers, question);
    if (!place) {
        place = &answers->kept[answers->next];
        answers->next = (answers->next + 1) % KEPT;
    }
    clear(place);
    *place = fresh;
    pthread_mutex_unlock(&answers->mutex);
}

// SPDX-License-Identifier: GPL-3.0-or-later
// wire_contour_view.c - the JSON of a contour, to be drawn

#include "wire_contour.h"
#include "wire_space.h"

#include <math.h>

static void write_lines(struct text *text, const char *name,
                        const struct contour_lines *lines)
{
    text_key(text, name);
    text_char(text, '[');
    for (size_t l = 0; l < lines->n; l++) {
        const struct contour_line *line = &lines->line[l];
        text_next(text);
        text_print(text, "{\"closed\":%s,\"points\":[",
                   line->closed ? "true" : "false");
        for (size_t i = 0; i < line->n; i++) {
            text_next(text);
            text_char(text, '[');
            text_real(text, line->xy[2 * i]);
            text_char(text, ',');
            text_real(text, line->xy[2 * i + 1]);
            text_char(text, ']');
        }
        text_add(text, "]}");
    }
    text_char(text, ']');
}

static void write_curves(struct text *text, const struct contour_view *view)
{
    text_key(text, "curves");
    text_char(text, '[');
    for (size_t c = 0; c < view->n_curves; c++) {
        const struct contour_view_curve *curve = &view->curve[c];
        text_next(text);
        text_char(text, '{');
        text_key_string(text, "name", curve->name);
        text_key_real(text, "area", curve->area);
        text_key_bool(text, "converged", curve->converged);
        write_lines(text, "lines", &curve->lines);
        write_lines(text, "inner", &curve->inner);
        write_lines(text, "outer", &curve->outer);
        text_char(text, '}');
    }
    text_char(text, ']');
}

// Every step-th of n x step numbers; null for those that are not known.
static void write_reals(struct text *text, const char *name,
                        const double *numbers, size_t n, size_t step)
{
    text_key(text, name);
    text_char(text, '[');
    for (size_t i = 0; i < n; i++) {
        text_next(text);
        text_real(text, numbers ? numbers[i * step] : (double)NAN);
    }
    text_char(text, ']');
}

static void write_grid(struct text *text, const struct contour_view *view)
{
    const struct contour_grid *grid = &view->grid;
    enum { STEP = sizeof(struct gp_prediction) / sizeof(double) };
    text_key(text, "grid");
    text_char(text, '{');
    write_reals(text, "x", grid->at[0], grid->slice.n[0], 1);
    write_reals(text, "y", grid->at[1], grid->slice.n[1], 1);
    text_key(text, "allowed");
    text_char(text, '[');
    for (size_t i = 0; i < grid->n; i++) {
        text_next(text);
        text_char(text, grid->allowed[i] ? '1' : '0');
    }
    text_char(text, ']');
    write_reals(text, "valid", grid->valid, grid->n, 1);
    text_key(text, "curves");
    text_char(text, '[');
    for (size_t c = 0; c < view->n_curves; c++) {
        const struct gp_prediction *p = grid->curve[c];
        text_next(text);
        text_char(text, '{');
        text_key_string(text, "name", view->curve[c].name);
        write_reals(text, "mean", p ? &p->mean : NULL, grid->n, STEP);
        write_reals(text, "sd", p ? &p->sd : NULL, grid->n, STEP);
        text_char(text, '}');
    }
    text_add(text, "]}");
}

// The parameters beside the axes.
static void write_at(struct text *text, const struct space *space,
                     const struct contour_slice *slice)
{
    text_char(text, '{');
    for (size_t k = 0; k < space->n; k++) {
        if (k == slice->axis[0] || k == slice->axis[1])
            continue;
        text_key(text, space->params[k].name);
        wire_param_write(text, &space->params[k], slice->fixed[k]);
    }
    text_char(text, '}');
}

void wire_contour_view_write(struct text *text, const struct contour_view *view,
                             const char *study_key, int64_t revision, bool grid)
{
    const struct space *space = view->domain.space;
    const size_t *axis = view->grid.slice.axis;
    text_char(text, '{');
    text_key_string(text, "study_id", study_key);
    text_key_int(text, "revision", revision);
    text_key_string(text, "x", space->params[axis[0]].name);
    text_key_string(text, "y", space->params[axis[1]].name);
    text_key(text, "at");
    write_at(text, space, &view->grid.slice);
    text_key_string(text, "status", view->status);
    text_key_string(text, "detail", view->detail);
    text_key_int(text, "points", (int64_t)view->points);
    text_key_int(text, "pending", (int64_t)view->pending);
    text_key_int(text, "invalid", (int64_t)view->invalid);
    text_key_int(text, "fitted", (int64_t)view->fitted);
    write_curves(text, view);
    if (grid)
        write_grid(text, view);
    text_char(text, '}');
}

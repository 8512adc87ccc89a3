// SPDX-License-Identifier: GPL-3.0-or-later
// fold.h - the real line, folded smoothly into [0, 1]
//
// The boundary transformation of c-cmaes (boundary_transformation.c) and pycma:
// the identity in the middle, parabolas that end flat at 0 and 1, and mirrors
// beyond. An optimum on the edge is inside for whoever searches the line, and
// no place of it is lost, as with clipping.

#ifndef CUMAE_FOLD_H
#define CUMAE_FOLD_H

// The place in [0, 1] of any finite y.
double fold(double y);

// The y nearest to the middle that folds to u in [0, 1].
double fold_inside(double u);

// The next y that folds to u: the mirror image at the nearer edge.
double fold_outside(double u);

#endif

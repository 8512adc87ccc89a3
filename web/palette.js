// SPDX-License-Identifier: GPL-3.0-or-later
// palette.js - colours that stand for numbers; no DOM
//
// Both scales can be told apart with any kind of colour blindness: cividis
// (Nunez, Anderton, Renslow 2018) rises evenly in lightness, and the other one
// is PuOr of ColorBrewer, from orange over grey to purple.

const RISING = ['#00224e', '#123570', '#3b496c', '#575d6d', '#707173',
  '#8a8678', '#a59c74', '#c3b369', '#e1cc55', '#fee838'];
const APART = ['#b35806', '#e08214', '#fdb863', '#d8d8d8', '#b2abd2',
  '#8073ac', '#542788'];

// The colour of a value between low and high on a scale of colours; values
// outside have that of the end.
function at(colours, value, low, high) {
  const share = high > low ? (value - low) / (high - low) : 0.5;
  const index = Math.floor(share * colours.length);
  return colours[Math.min(Math.max(index, 0), colours.length - 1)];
}

// From dark blue to yellow.
export const rising = {colours: RISING,
  of: (value, low, high) => at(RISING, value, low, high)};

// Orange below the middle, purple above; `reach` is the distance of the ends.
export const apart = {colours: APART,
  of: (value, middle, reach) =>
    at(APART, value, middle - reach, middle + reach)};

// SPDX-License-Identifier: GPL-3.0-or-later
// axis.js - from values to pixels, and where the ticks go; no DOM

// Round steps (1, 2 or 5 times a power of ten) inside [low, high], about
// `wanted` of them.
export function linearTicks(low, high, wanted) {
  const raw = (high - low) / Math.max(wanted, 1);
  if (!(raw > 0))
    return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find(m => m * power >= raw * 0.999) * power;
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9;
    i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

// Powers of ten; with less than two of them inside, linear ticks.
export function logTicks(low, high, wanted) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first < 1)
    return linearTicks(low, high, wanted).filter(tick => tick > 0);
  const stride = Math.ceil((last - first + 1) / Math.max(wanted, 2));
  const ticks = [];
  for (let power = first; power <= last; power += stride)
    ticks.push(Number(`1e${power}`));
  return ticks;
}

// An axis from [low, high] (a little widened) to the pixels [from, to].
export function axis({low, high, from, to, log = false, pad = 0.04}) {
  const f = log ? Math.log10 : x => x;
  let a = f(low);
  let b = f(high);
  const margin = b > a ? (b - a) * pad : Math.abs(a) * 0.05 || 0.5;
  a -= margin;
  b += margin;
  const inverse = y => log ? 10 ** y : y;
  const pixel = value => from + (f(value) - a) / (b - a) * (to - from);
  const value = px => inverse(a + (px - from) / (to - from) * (b - a));
  const ticks = wanted => (log ? logTicks : linearTicks)(inverse(a),
    inverse(b), wanted);
  return {pixel, value, ticks};
}

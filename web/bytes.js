// SPDX-License-Identifier: GPL-3.0-or-later
// bytes.js - sizes as people write them; no DOM, no network

const UNITS = [[1e12, 'TB'], [1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB']];

// The shortest text that readBytes() reads as exactly these bytes.
export function writeBytes(bytes) {
  const unit = UNITS.find(([size]) =>
    bytes >= size && Number.isInteger(1000 * bytes / size));
  return unit ? `${bytes / unit[0]} ${unit[1]}` : String(bytes);
}

// Reads '2.5 GB', '300kb' or '1000'; NaN when it is none of these.
export function readBytes(text) {
  const found = /^(\d+(?:\.\d+)?)\s*([kMGT]?)B?$/i.exec(text.trim());
  if (!found)
    return NaN;
  const wanted = found[2].toLowerCase();
  const unit = UNITS.find(([, name]) => name[0].toLowerCase() === wanted);
  return Math.round(Number(found[1]) * (unit?.[0] ?? 1));
}

// SPDX-License-Identifier: GPL-3.0-or-later
// markdown.js - notes, from a small part of Markdown to elements
//
// Headings, paragraphs, lists, quotes, code, rules, tables; emphasis, code and
// links in a line. Everything is made by h(), so markup in a note stays text;
// links lead to http, https, mailto and to places in these pages, and nothing
// is loaded: an image is a link to it.

import {h} from './dom.js';

const INLINE = new RegExp([
  '`([^`]+)`', // 1
  '\\*\\*(.+?)\\*\\*', // 2
  '(?<![\\w*])\\*([^\\s*](?:[^*]*[^\\s*])?)\\*', // 3
  '(?<!\\w)_([^\\s_](?:[^_]*[^\\s_])?)_(?!\\w)', // 4
  '!?\\[([^\\]]*)\\]\\(([^\\s()]+)\\)', // 5, 6
  '(https?://[^\\s<>"]*[^\\s<>".,;:!?)])', // 7
].join('|'), 'g');

const SAFE = /^(https?:\/\/|mailto:|#\/)/i;

function link(text, href) {
  if (!SAFE.test(href))
    return text;
  const outside = !href.startsWith('#');
  return h('a', {href, rel: outside ? 'noopener noreferrer' : null,
    target: outside ? '_blank' : null}, text || href);
}

// The nodes of one line of text.
export function inline(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const [all, code, strong, star, under, label, href, url] = match;
    nodes.push(text.slice(at, match.index));
    at = match.index + all.length;
    if (code !== undefined)
      nodes.push(h('code', {}, code));
    else if (strong !== undefined)
      nodes.push(h('strong', {}, inline(strong)));
    else if (star !== undefined || under !== undefined)
      nodes.push(h('em', {}, inline(star ?? under)));
    else
      nodes.push(link(url ?? label, url ?? href));
  }
  nodes.push(text.slice(at));
  return nodes.filter(node => node !== '');
}

const ITEM = /^\s*([-*+]|\d+[.)])\s+(.*)$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const DIVIDER = /^\s*\|?(\s*:?-+:?\s*\|)+\s*:?-*:?\s*$/;

const cellsOf = line => line.trim().replace(/^\||\|$/g, '').split('|')
  .map(cell => cell.trim());

// Each takes lines from the front of the list and returns an element, or null
// when they are something else.
const BLOCKS = [
  function fence(lines) {
    const mark = /^\s*(```+|~~~+)/.exec(lines[0])?.[1];
    if (!mark)
      return null;
    const end = lines.findIndex((line, i) => i > 0 &&
      line.trim().startsWith(mark));
    const taken = lines.splice(0, end < 0 ? lines.length : end + 1);
    return h('pre', {tabindex: '0', 'aria-label': 'Code'},
      taken.slice(1, end < 0 ? undefined : -1).join('\n'));
  },
  function heading(lines) {
    const match = /^(#{1,6})\s+(.*?)\s*#*$/.exec(lines[0]);
    if (!match)
      return null;
    lines.shift();
    // Below the headings of the page.
    return h(`h${Math.min(match[1].length + 2, 6)}`, {}, inline(match[2]));
  },
  function rule(lines) {
    return RULE.test(lines[0]) && lines.shift() !== undefined ? h('hr') : null;
  },
  function quote(lines) {
    if (!lines[0].startsWith('>'))
      return null;
    const inner = [];
    while (lines[0]?.startsWith('>'))
      inner.push(lines.shift().replace(/^>\s?/, ''));
    return h('blockquote', {}, blocks(inner));
  },
  function list(lines) {
    const first = ITEM.exec(lines[0]);
    if (!first)
      return null;
    const items = [];
    for (let match; (match = ITEM.exec(lines[0] ?? '')); lines.shift())
      items.push(h('li', {}, inline(match[2])));
    return h(/\d/.test(first[1]) ? 'ol' : 'ul', {}, items);
  },
  function table(lines) {
    if (!lines[0].includes('|') || !DIVIDER.test(lines[1] ?? ''))
      return null;
    const head = cellsOf(lines.shift());
    lines.shift();
    const rows = [];
    while (lines[0]?.includes('|'))
      rows.push(cellsOf(lines.shift()));
    return h('div', {class: 'scroll', tabindex: '0', role: 'region',
      'aria-label': 'Table in the notes'},
    h('table', {}, h('thead', {}, h('tr', {}, head.map(cell =>
      h('th', {scope: 'col'}, inline(cell))))),
    h('tbody', {}, rows.map(cells => h('tr', {}, cells.map(cell =>
      h('td', {}, inline(cell))))))));
  },
  function paragraph(lines) {
    const taken = [lines.shift()];
    while (lines.length && lines[0].trim() && !/^(#|>|\s*(```|~~~))/
      .test(lines[0]) && !ITEM.test(lines[0]))
      taken.push(lines.shift());
    return h('p', {}, inline(taken.join(' ')));
  },
];

function blocks(lines) {
  const found = [];
  while (lines.length) {
    if (!lines[0].trim()) {
      lines.shift();
      continue;
    }
    for (const take of BLOCKS) {
      const element = take(lines);
      if (element) {
        found.push(element);
        break;
      }
    }
  }
  return found;
}

// The elements of a text in Markdown.
export const markdown = text => blocks(text.split(/\r\n|\r|\n/));

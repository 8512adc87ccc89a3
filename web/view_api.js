// SPDX-License-Identifier: GPL-3.0-or-later
// view_api.js - the reference of the HTTP interface, from its OpenAPI document
//
// Nothing is fetched from elsewhere. An operation's parts are made when it is
// opened; its address is #/api/OPERATION.

import {request} from './api.js';
import {h, setText} from './dom.js';
import {inline} from './markdown.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const DEEPEST = 5; // levels of a schema that are shown

// What {$ref} stands for.
function resolved(document_, node) {
  let found = node;
  while (found?.$ref)
    found = found.$ref.slice(2).split('/').reduce((at, key) =>
      at?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], document_);
  return found ?? {};
}

// 'string', 'integer 1 … 1000', 'running | paused', 'array of Trial'
function typeOf(document_, node) {
  const schema = resolved(document_, node);
  if (schema.const !== undefined)
    return JSON.stringify(schema.const);
  if (schema.enum)
    return schema.enum.map(each => JSON.stringify(each)).join(' | ');
  const several = schema.oneOf ?? schema.anyOf;
  if (several)
    return several.map(each => typeOf(document_, each)).join(' or ');
  const type = [schema.type ?? 'any'].flat().join(' or ');
  if (schema.type === 'array')
    return `array of ${typeOf(document_, schema.items ?? {})}`;
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const range = low === undefined && high === undefined ? ''
    : ` ${low ?? '…'} … ${high ?? ''}`;
  return type + range + (schema.maxLength
    ? `, at most ${schema.maxLength} characters` : '');
}

// The members of an object schema as a nested list; null for other schemas.
function members(document_, node, depth = 0) {
  const schema = resolved(document_, node);
  const object = schema.type === 'array' ? resolved(document_,
    schema.items ?? {}) : schema;
  const all = [object, ...(object.allOf ?? []).map(each =>
    resolved(document_, each))];
  const properties = all.flatMap(each =>
    Object.entries(each.properties ?? {}));
  if (properties.length === 0 || depth >= DEEPEST)
    return null;
  const required = new Set(all.flatMap(each => each.required ?? []));
  return h('ul', {class: 'schema'}, properties.map(([name, part]) => {
    const {description, default: standard} = resolved(document_, part);
    const inner = members(document_, part, depth + 1);
    const head = [h('code', {}, name), ' ', h('span', {class: 'faint'},
      typeOf(document_, part), required.has(name) ? ', required' : '',
      standard === undefined ? '' : `, else ${JSON.stringify(standard)}`),
    (part.description ?? description)
      ? h('div', {class: 'about'}, inline(part.description ?? description))
      : null];
    return h('li', {}, inner && depth > 0
      ? h('details', {}, h('summary', {}, head), inner) : [head, inner]);
  }));
}

const example = value => h('pre', {tabindex: '0', 'aria-label': 'Example'},
  JSON.stringify(value, null, 2));

function contentOf(document_, content) {
  return Object.entries(content ?? {}).map(([type, media]) => [
    h('p', {class: 'faint'}, type),
    members(document_, media.schema ?? {}),
    media.example === undefined ? null : example(media.example),
    ...Object.values(media.examples ?? {}).map(each =>
      resolved(document_, each).value).filter(value => value !== undefined)
      .slice(0, 1).map(example)]);
}

function parametersOf(document_, list) {
  if (list.length === 0)
    return null;
  const item = each => {
    const {name, in: where, description, required, schema} =
      resolved(document_, each);
    const {default: standard} = resolved(document_, schema ?? {});
    return h('li', {}, h('code', {}, name), ' ', h('span', {class: 'faint'},
      `${where}, ${typeOf(document_, schema ?? {})}`,
      required ? ', required' : '',
      standard === undefined ? '' : `, else ${JSON.stringify(standard)}`),
    description ? h('div', {class: 'about'}, inline(description)) : null);
  };
  return [h('h4', {}, 'Parameters'),
    h('ul', {class: 'schema'}, list.map(item))];
}

function responsesOf(document_, responses) {
  return [h('h4', {}, 'Answers'), Object.entries(responses).map(
    ([status, each]) => {
      const {description, content} = resolved(document_, each);
      return h('details', {class: 'answer', open: status.startsWith('2')},
        h('summary', {}, h('strong', {}, status), ' ', description),
        status.startsWith('2') ? contentOf(document_, content) : null);
    })];
}

function details(document_, {path, method, shared, operation}) {
  const body = resolved(document_, operation.requestBody ?? {});
  return [
    operation.description
      ? h('p', {}, inline(operation.description)) : null,
    parametersOf(document_, [...shared, ...operation.parameters ?? []]),
    body.content ? [h('h4', {}, 'Body'),
      contentOf(document_, body.content)] : null,
    responsesOf(document_, operation.responses),
    h('h4', {}, 'With curl'),
    h('pre', {tabindex: '0', 'aria-label': 'Command'},
      `curl -X ${method.toUpperCase()} ` +
      '-H "Authorization: Bearer $CUMAE_TOKEN" \\\n' +
      (body.content ? '  -H "Content-Type: application/json" -d @body.json ' +
        '\\\n' : '') + `  ${location.origin}${path}`),
  ];
}

function operationsOf(document_) {
  return Object.entries(document_.paths).flatMap(([path, item]) =>
    METHODS.filter(method => item[method]).map(method => ({path, method,
      shared: item.parameters ?? [], operation: item[method]})));
}

function entry(document_, each) {
  const {path, method, operation} = each;
  const body = h('div', {class: 'operation'});
  const element = h('details', {class: 'card endpoint',
    'data-id': operation.operationId, ontoggle() {
      if (element.open && !body.hasChildNodes())
        body.append(...details(document_, each).flat(3).filter(Boolean));
    }},
  h('summary', {}, h('span', {class: `method ${method}`},
    method.toUpperCase()), ' ', h('code', {}, path), ' ',
  h('span', {class: 'faint'}, operation.summary)), body);
  return element;
}

// `argument` is the operation to show.
export function mountApi(main, app, argument) {
  const abort = new AbortController();
  const list = h('div');
  const says = h('span', {class: 'says', role: 'status'});
  const search = h('input', {type: 'search', class: 'filter',
    'aria-label': 'Find an operation', placeholder: 'Find an operation',
    oninput: narrow});
  let entries = [];
  app.crumb('API reference');
  main.append(h('h1', {}, 'API reference'),
    h('p', {class: 'faint'}, 'Requests go to ',
      h('code', {}, `${location.origin}/api/v1`), ' with the header ',
      h('code', {}, 'Authorization: Bearer TOKEN'), '; ',
      h('a', {href: '#/tokens'}, 'make a token'), ', or take the ',
      h('a', {href: 'api/v1/openapi.json'}, 'OpenAPI document'), '.'),
    h('div', {class: 'tools'}, search, says), list);

  function narrow() {
    const words = search.value.toLowerCase().split(/\s+/);
    let n = 0;
    for (const {element, text} of entries) {
      element.hidden = !words.every(word => text.includes(word));
      n += !element.hidden;
    }
    for (const group of list.children)
      group.hidden = !group.querySelector('details.card:not([hidden])');
    setText(says, `${n} operations`);
  }

  function show(document_) {
    const all = operationsOf(document_);
    const tags = [...new Set(all.map(({operation}) =>
      operation.tags?.[0] ?? 'others'))];
    for (const tag of tags) {
      const group = all.filter(({operation}) =>
        (operation.tags?.[0] ?? 'others') === tag);
      const made = group.map(each => ({element: entry(document_, each),
        text: [each.method, each.path, each.operation.operationId,
          each.operation.summary].join(' ').toLowerCase()}));
      entries.push(...made);
      list.append(h('section', {'aria-label': tag}, h('h2', {class: 'group'},
        tag), made.map(({element}) => element)));
    }
    narrow();
    const wanted = argument && list.querySelector(
      `[data-id="${CSS.escape(argument)}"]`);
    if (wanted) {
      wanted.open = true;
      wanted.scrollIntoView();
    }
  }

  request('GET', 'openapi.json', {signal: abort.signal}).then(show)
    .then(() => app.refreshed(null, false))
    .catch(error => error.name !== 'AbortError' && app.refreshed(error, false));
  return {title: 'API reference', stop: () => abort.abort()};
}

// SPDX-License-Identifier: GPL-3.0-or-later
// download.js - a file that the service sends in pages, saved as one

import {ApiError} from './api.js';
import {saveFile} from './save.js';

// The address of the next page in the header Link, or null.
function next(response) {
  const [, address] = /<([^>]*)>;\s*rel="next"/.exec(
    response.headers.get('Link') ?? '') ?? [];
  return address ? new URL(address, response.url).href : null;
}

// Fetches all pages and saves them. Throws ApiError.
export async function download(name, address) {
  const parts = [];
  for (let page = address; page;) {
    const response = await fetch(page, {credentials: 'same-origin'});
    if (!response.ok)
      throw new ApiError(`the service answered ${response.status}`,
        response.status, null);
    parts.push(await response.blob());
    page = next(response);
  }
  saveFile(name, parts[0].type, new Blob(parts));
}

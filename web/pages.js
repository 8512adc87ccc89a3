// SPDX-License-Identifier: GPL-3.0-or-later
// pages.js - every page, one line each
//
// `address` matches the hash, and its group is the argument of the view.

import {mountStudyAudit} from './audit_log.js';
import {mountAdmin} from './view_admin.js';
import {mountCampaign} from './view_campaign.js';
import {mountCampaigns} from './view_campaigns.js';
import {mountContour} from './view_contour.js';
import {mountGrid} from './view_grid.js';
import {mountLimit} from './view_limit.js';
import {mountAnalysis} from './view_analysis.js';
import {mountApi} from './view_api.js';
import {mountCompare} from './view_compare.js';
import {mountProfile} from './view_profile.js';
import {mountStudies} from './view_studies.js';
import {mountStudy} from './view_study.js';
import {mountTokens} from './view_tokens.js';
import {mountTrials} from './view_trials.js';

export const PAGES = [
  {address: /^#\/study\/([^/?]+(?:\?.*)?)$/, mount: mountStudy},
  {address: /^#\/study\/([^/]+\/trials(?:\?.*)?)$/, mount: mountTrials},
  {address: /^#\/study\/([^/]+\/analysis(?:\?.*)?)$/, mount: mountAnalysis},
  {address: /^#\/study\/([^/]+\/audit(?:\?.*)?)$/, mount: mountStudyAudit},
  {address: /^#\/api(?:\/(\w+))?$/, mount: mountApi},
  {address: /^#\/compare(?:\?(.*))?$/, mount: mountCompare},
  {address: /^#\/study\/([^/]+\/limit(?:\?.*)?)$/, mount: mountLimit},
  {address: /^#\/study\/([^/]+\/contour(?:\?.*)?)$/, mount: mountContour},
  {address: /^#\/study\/([^/]+\/grid(?:\?.*)?)$/, mount: mountGrid},
  {address: /^#\/campaigns$/, mount: mountCampaigns},
  {address: /^#\/campaign\/(.+)$/, mount: mountCampaign},
  {address: /^#\/admin(?:\/(.*))?$/, mount: mountAdmin},
  {address: /^#\/profile$/, mount: mountProfile},
  {address: /^#\/tokens$/, mount: mountTokens},
  {address: /^#?\/?(?:\?(.*))?$/, mount: mountStudies},
];

// The menu in the header, and for whom (as GET /me has them) a line of it is.
export const MENU = [
  {title: 'Studies', href: '#/', shown: who => !who.guest},
  {title: 'Campaigns', href: '#/campaigns', shown: who => !who.guest},
  {title: 'Profile', href: '#/profile', shown: who => !who.guest},
  {title: 'Tokens', href: '#/tokens', shown: who => !who.guest},
  {title: 'API reference', href: '#/api', shown: who => !who.guest},
  {title: 'Administration', href: '#/admin', shown: who => who.admin},
];

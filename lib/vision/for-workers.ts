/** What of this folder workers of a DataLoader can be sent; they load this module, and not all of vision. */

import { forWorkers } from '../data';
import { OxfordIIITPet } from './oxford-pets';
import { collatePlanes, PetPlanes } from './pet-planes';
import { PetSegmentation } from './pet-segmentation';
import { SampleCache } from './sample-cache';
import * as transforms from './v1/transforms';

/** The classes and functions of a module. */
export function functionsOf(module: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(module).filter(([, value]) => typeof value === 'function'));
}

forWorkers(__filename, {
  OxfordIIITPet,
  PetSegmentation,
  PetPlanes,
  collatePlanes,
  SampleCache,
  ...functionsOf(transforms),
});

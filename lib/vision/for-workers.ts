/** What of this folder workers of a DataLoader can be sent; they load this module, and not all of vision. */

import { forWorkers } from '../data';
import { OxfordIIITPet } from './oxford-pets';
import { PetSegmentation } from './pet-segmentation';
import { SampleCache } from './sample-cache';
import * as transforms from './transforms';

forWorkers(__filename, { OxfordIIITPet, PetSegmentation, SampleCache, ...transforms });

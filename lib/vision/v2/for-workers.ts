/** The transforms of v2 and their tensors for workers of a DataLoader, which load them only where they are sent some. */

import { forWorkers } from '../../data';
import { functionsOf } from '../for-workers';
import * as tvTensors from '../tv-tensors';
import * as v2 from '.';

forWorkers(__filename, { ...functionsOf(v2), ...functionsOf(tvTensors) });

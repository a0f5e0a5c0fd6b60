// A user's program of ES modules, on the compiled library: child of users.test.ts.
import { data } from '../../../index.mjs';
import { collate, Squares } from './squares.mjs';

const batches = [];
const loader = new data.DataLoader(new Squares(5), { batchSize: 2, numWorkers: 2, collateFn: collate });
for await (const batch of loader) batches.push(batch.tolist());
console.log(JSON.stringify(batches));

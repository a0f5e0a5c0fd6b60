'use strict';
// A user's program of one CommonJS file, on the compiled library: child of users.test.ts.
const { isMainThread } = require('node:worker_threads');
const { data, tensor, vision } = require('../../../dist');

class Squares {
  constructor(length) {
    this.length = length;
    this.transform = new vision.Compose([new vision.Normalize([0], [2])]);
  }

  getItem(index) {
    return this.transform.forward(tensor([[[index]]], { dtype: 'float32' })).flatten();
  }
}
data.forWorkers(__filename, { Squares });

async function main() {
  const batches = [];
  const loader = new data.DataLoader(new Squares(3), { batchSize: 2, numWorkers: 1, persistentWorkers: true });
  for await (const batch of loader) batches.push(batch.tolist());
  console.log(JSON.stringify(batches));
}

if (isMainThread) void main();

/** Walks Adam over parameters of many sizes and layouts, in a process of its own; prints the way and the bits of the end. */

import { createHash } from 'node:crypto';
import { binding } from '../../lib/engine/gate';
import { Adam, type AdamOptions } from '../../lib/optim';
import { exp2, manualSeed, rand, randint, randn, type Tensor } from '../../lib/tensor';

const optionsOfRounds: AdamOptions[] = [
  {},
  { lr: 0.1, betas: [0.3, 0.5], eps: 1e-4 },
  { betas: [0, 0.9] },
  { weightDecay: 0.1 },
  { weightDecay: 0.01, decoupledWeightDecay: true, maximize: true },
  { weightDecay: 0.02, maximize: true },
];

/** From denormals to where squares overflow, with zeros. */
function gradientFor(param: Tensor): Tensor {
  const gradient = randn(param.shape).mul(exp2(randint(-149, 65, param.shape).float()));
  return gradient.mul(rand(param.shape).gt(0.1)).add(param.detach().mul(0));
}

manualSeed(3);
const hash = createHash('sha256');
for (const options of optionsOfRounds) {
  const shared = randn([64]);
  const params = [
    randn([]),
    randn([7]),
    randn([65, 127]),
    randn([80_001]),
    randn([8, 3, 4, 5]).contiguous({ memoryFormat: 'channels_last' }),
    randn([30, 20]).t(),
    // Views of one storage, and every second element of another: not for the one-pass form.
    shared.slice(0, 0, 32),
    shared.slice(0, 32, 64),
    randn([50]).slice(0, 0, null, 2),
    randn([9]).double(),
  ].map((param) => param.detach().requiresGrad_());
  const optimizer = new Adam(params, options);
  for (let step = 0; step < 8; step++) {
    params.forEach((param, index) => {
      param.grad = step === 2 && index === 1 ? null : gradientFor(param);
    });
    optimizer.step();
  }
  for (const param of params) hash.update(param.detach().toBytes());
}
console.log(JSON.stringify({ path: binding.adamPath(), bits: hash.digest('hex') }));

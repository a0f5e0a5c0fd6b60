import { inspect, types } from 'node:util';

import * as torch from '../../lib';
import { loadAddon } from '../../lib/engine/load';

const native = loadAddon();

function showTensor({ handle }: torch.Tensor): string {
  if (!native.isAlive(handle)) return 'Tensor(disposed)';
  const about = [`[${native.sizes(handle).join(', ')}]`, native.dtype(handle), native.device(handle)];
  try {
    about.push(`strides [${native.strides(handle).join(', ')}]`);
  } catch {
    about.push('sparse');
  }
  if (native.requiresGrad(handle)) about.push('requiresGrad');
  return `Tensor(${about.join(' ')})`;
}

/** Lists and objects are shown to this depth. */
const DEEP = 6;

/** An argument as text. Runs nothing of it: no getter, no trap, no op. */
export function show(value: unknown, depth = 0): string {
  if (depth > DEEP) return '…';
  if (types.isProxy(value)) return 'Proxy';
  if (value instanceof torch.Tensor && Number.isSafeInteger(value.handle) && value.handle > 0) {
    try {
      return showTensor(value);
    } catch {
      return 'Tensor(?)';
    }
  }
  if (typeof value === 'object' && value !== null && !(value instanceof torch.Tensor)) {
    const isList = Array.isArray(value);
    const plain = isList ? value.length < 6 : Object.getPrototypeOf(value) === Object.prototype;
    if (plain) {
      const parts = Object.entries(Object.getOwnPropertyDescriptors(value))
        .filter(([, { enumerable }]) => enumerable === true)
        .map(([key, own]) => `${isList ? '' : `${key}: `}${'value' in own ? show(own.value, depth + 1) : 'a getter'}`);
      return isList ? `[${parts.join(', ')}]` : `{ ${parts.join(', ')} }`;
    }
  }
  const options = { customInspect: false, depth: 1, maxArrayLength: 4, maxStringLength: 30, breakLength: Infinity };
  return inspect(value, options);
}

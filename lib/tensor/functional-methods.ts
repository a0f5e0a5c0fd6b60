/** Methods that Python's Tensor defines in Python, over the functions of ./functional and ./unique, and its attributes. */

import './members';

import { norm, split } from './functional';
import { Tensor } from './tensor';
import { lu, unique, uniqueConsecutive } from './unique';

const functions = { lu, norm, split, unique, uniqueConsecutive };

for (const [name, fn] of Object.entries(functions)) {
  const call = fn as (...args: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    value: function (this: Tensor, ...args: unknown[]): unknown {
      return call(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ArgumentError, memory } from '../../lib/engine';
import { Buffer as TensorBuffer, Linear, Module, Parameter, Sequential, StateDictError } from '../../lib/nn';
import {
  loadSafetensors,
  loadSafetensorsModel,
  saveSafetensors,
  saveSafetensorsModel,
  stateSha256,
} from '../../lib/serialize';
import * as torch from '../../lib/tensor';
import type { Tensor } from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'safetensors-model-'));
  file = path.join(folder, 'x.safetensors');
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Three layers, the last of which has the weight of the first; a buffer that is a part of another. */
class Tied extends Module {
  readonly z = new Linear(3, 3);
  readonly between = new Linear(3, 3);
  readonly a = new Linear(3, 3);
  readonly whole = new TensorBuffer(torch.rand([6]));
  readonly part = new TensorBuffer(this.whole.narrow(0, 2, 3));

  constructor() {
    super();
    this.a.weight = this.z.weight;
  }

  forward(x: Tensor): Tensor {
    return this.a.forward(this.between.forward(this.z.forward(x)));
  }
}

const python = `
import safetensors.torch
class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.z, self.between, self.a = (torch.nn.Linear(3, 3) for _ in range(3))
        self.a.weight = self.z.weight
        self.register_buffer("whole", torch.rand(6))
        self.register_buffer("part", self.whole[2:5])
`;

describeWithOracle('modules as safetensors', (oracle) => {
  it('have the keys and the metadata that Python writes, and go both ways', async () => {
    const model = new Tied();
    saveSafetensorsModel(model, file, { by: 'us', part: 'mine' });
    const other = path.join(folder, 'python.safetensors');
    const { missing, unexpected, keys, metadata, state } = await oracle().run(
      `${python}
model = Tied()
missing, unexpected = safetensors.torch.load_model(model, path)
missing, unexpected = list(missing), list(unexpected)
state = model.state_dict()
safetensors.torch.save_model(model, other, {"by": "us", "part": "mine"})
with safetensors.safe_open(other, "pt") as opened: keys, metadata = opened.keys(), opened.metadata()`,
      {
        inputs: { path: file, other },
        outputs: {
          ...{ missing: 'strings', unexpected: 'strings', keys: 'strings', metadata: 'value', state: 'tensorDict' },
        },
      },
    );
    expect([missing, unexpected]).toEqual([[], []]);
    const ours = loadSafetensors(file);
    expect([...ours.tensors.keys()].sort()).toEqual(keys);
    expect(keys).toEqual(['a.bias', 'a.weight', 'between.bias', 'between.weight', 'whole', 'z.bias']);
    expect(Object.fromEntries(ours.metadata)).toEqual(metadata);
    expect(metadata).toEqual({ by: 'us', part: 'mine', 'z.weight': 'a.weight' });
    const digest = stateSha256(model.stateDict());
    expect(stateSha256(new Map([...model.stateDict().keys()].map((key) => [key, state[key] as Tensor])))).toBe(digest);

    for (const source of [other, fs.readFileSync(other)]) {
      const fresh = new Tied();
      expect(loadSafetensorsModel(fresh, source)).toEqual({ missingKeys: [], unexpectedKeys: [] });
      expect(stateSha256(fresh.stateDict())).toBe(digest);
      expect(fresh.a.weight).toBe(fresh.z.weight);
    }
  });
});

describe('modules as safetensors', () => {
  it('are read by any of the names of a weight, and by all', () => {
    const [model, state] = [new Tied(), new Tied().stateDict()];
    saveSafetensors(file, state);
    loadSafetensorsModel(model, file);
    expect(stateSha256(model.stateDict())).toBe(stateSha256(state));
    for (const dropped of ['a.weight', 'z.weight']) {
      const few = new Map([...new Tied().stateDict()].filter(([name]) => name !== dropped && name !== 'part'));
      saveSafetensors(file, few);
      loadSafetensorsModel(model, file);
      const kept = few.get(dropped === 'a.weight' ? 'z.weight' : 'a.weight') as Tensor;
      expect(torch.equal(model.z.weight, kept)).toBe(true);
      expect(torch.equal(model.part, (few.get('whole') as Tensor).narrow(0, 2, 3))).toBe(true);
    }
  });

  it('tell what differs, and leave the module as it was', () => {
    const model = new Tied();
    saveSafetensors(file, { 'z.bias': torch.ones([3]), more: torch.ones([1]) });
    const [digest, before] = [stateSha256(model.stateDict()), memory().tensors];
    expect(() => loadSafetensorsModel(model, file)).toThrow(StateDictError);
    expect(() => loadSafetensorsModel(model, file)).toThrow(
      /Missing key\(s\).*"a.weight".*\n.*Unexpected key\(s\).*"more"/,
    );
    expect(stateSha256(model.stateDict())).toBe(digest);
    expect(memory().tensors).toBeLessThanOrEqual(before + 30);
    const { missingKeys, unexpectedKeys } = loadSafetensorsModel(model, file, { strict: false });
    expect(missingKeys).toEqual(['whole', 'between.weight', 'between.bias', 'a.weight', 'a.bias']);
    expect(unexpectedKeys).toEqual(['more']);
    expect(model.z.bias?.tolist()).toEqual([1, 1, 1]);
  });

  it('have no place for an extra state that is no tensor, and pass over it where they are read', () => {
    class Counted extends Linear {
      count = 3;

      override getExtraState(): unknown {
        return { count: this.count };
      }

      override setExtraState(state: unknown): void {
        ({ count: this.count } = state as { count: number });
      }
    }
    const model = new Counted(1, 1);
    expect(() => saveSafetensorsModel(model, file)).toThrow(/expected a Tensor for '_extra_state'/);
    saveSafetensorsModel(new Linear(1, 1), file);
    expect(() => loadSafetensorsModel(model, file)).toThrow(/Missing key\(s\) in state_dict: "_extra_state"/);
    expect(loadSafetensorsModel(model, file, { strict: false }).missingKeys).toEqual(['_extra_state']);
  });

  it('refuse weights that share what none of them covers, and write views that share nothing', () => {
    const whole = torch.rand([10]);
    const [first, second] = [new Linear(1, 6), new Linear(1, 6)];
    const model = new Sequential(first, second);
    first.bias = new Parameter(whole.narrow(0, 0, 6));
    second.bias = new Parameter(whole.narrow(0, 4, 6));
    expect(() => saveSafetensorsModel(model, file)).toThrow(
      'the weights 0.bias, 1.bias share memory that none of them covers; saveSafetensors() writes each in full',
    );
    second.bias = new Parameter(whole.narrow(0, 6, 4));
    saveSafetensorsModel(model, file);
    expect([...loadSafetensors(file).tensors.keys()]).toEqual([...model.stateDict().keys()]);
  });

  it('name what is wrong with the arguments', () => {
    const model = new Linear(1, 1);
    expect(() => saveSafetensorsModel({} as never, file)).toThrow(/expected a Module for argument `model`/);
    expect(() => saveSafetensorsModel(model, 3 as never)).toThrow(ArgumentError);
    expect(() => saveSafetensorsModel(model, file, 3 as never)).toThrow(ArgumentError);
    expect(() => saveSafetensorsModel(model, file, { a: 3 } as never)).toThrow(/expected a string for 'a'/);
    expect(() => loadSafetensorsModel(file as never, model as never)).toThrow(/expected a Module for argument `model`/);
    expect(() => loadSafetensorsModel(model, 3 as never)).toThrow(/the name of a file or bytes/);
    expect(() => loadSafetensorsModel(model, file, { stict: true } as never)).toThrow(/unknown option `stict`/);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

/** Lists and dicts of modules and parameters: random sequences of operations, each beside Python's. */
import * as nn from '../../lib/nn';
import { manualSeed, ones, randn, tensor, type Tensor, zeros } from '../../lib/tensor';
import { describeWithOracle, expectSameBits, type Oracle } from '../oracle/oracle';
import { Draws } from './draws';

beforeEach(() => manualSeed(81));

const ROUNDS = 20;
const STEPS = 12;

/** An operation on both sides; `made` counts the modules that were made so far, which tells them apart. */
interface Step {
  here: () => unknown;
  python: string;
}

/** Runs the steps on both sides, and compares after each how the container is printed, or what was thrown. */
async function compareSteps(
  oracle: Oracle,
  container: nn.AnyModule,
  python: string,
  steps: readonly Step[],
): Promise<void> {
  const source = [
    'import collections',
    'nn, Linear = torch.nn, lambda k: torch.nn.Linear(k, 1)',
    'log = []',
    `c = ${python}`,
    'def step(run):',
    '    try:',
    '        result = run()',
    '        log.append(str(result) if isinstance(result, (nn.Module, bool, list)) and result is not c else "done")',
    '    except (AttributeError, IndexError, KeyError, TypeError, ValueError):',
    '        log.append("refused")',
    '    log.append(str(c))',
    '    log.append(" ".join(n for n, _ in c.named_parameters()))',
    ...steps.map(({ python: line }) => `step(lambda: ${line})`),
  ].join('\n');
  const { log } = await oracle.run(source, { outputs: { log: 'strings' } });
  const ours: string[] = [];
  for (const { here } of steps) {
    try {
      const result = here();
      const shown = result instanceof nn.Module && result !== container ? result.toString() : null;
      const list = Array.isArray(result) ? `[${result.map((each) => `'${String(each)}'`).join(', ')}]` : null;
      const flag = typeof result === 'boolean' ? (result ? 'True' : 'False') : null;
      ours.push(shown ?? list ?? flag ?? 'done');
    } catch (error) {
      if (!/TORCH_(INDEX|VALUE|TYPE)/.test(String((error as { code?: string }).code))) throw error;
      ours.push('refused');
    }
    ours.push(container.toString());
    ours.push(
      container
        .namedParameters()
        .map(([name]) => name)
        .join(' '),
    );
  }
  expect(ours).toEqual(log);
}

describeWithOracle('lists of modules', (oracle) => {
  let made = 0;
  const linear = (): { module: nn.Module; python: string } => {
    made += 1;
    return { module: new nn.Linear(made, 1), python: `Linear(${made})` };
  };

  const steps = (draws: Draws, list: nn.Sequential | nn.ModuleList): Step => {
    const index = draws.int(-4, 4);
    const bound = (): number | null => draws.pick([null, draws.int(-5, 5)]);
    const { module, python } = linear();
    const [start, stop, step] = [bound(), bound(), draws.pick([1, 1, 2, -1, -2])];
    const text = (value: number | null): string => (value === null ? 'None' : String(value));
    const isSequential = list instanceof nn.Sequential;
    const other = isSequential ? new nn.Sequential(module) : new nn.ModuleList([module]);
    const kind = isSequential ? `nn.Sequential(${python})` : `nn.ModuleList([${python}])`;
    const choices: Step[] = [
      { here: () => list.append(module), python: `c.append(${python})` },
      { here: () => list.extend([module, module]), python: `c.extend((lambda m: [m, m])(${python}))` },
      { here: () => list.set(index, module), python: `c.__setitem__(${index}, ${python})` },
      { here: (): nn.AnyModule => list.at(index), python: `c[${index}]` },
      { here: () => list.delete(index), python: `c.__delitem__(${index})` },
      { here: () => list.pop(index), python: `c.pop(${index})` },
      {
        here: () => list.slice(start, stop, isSequential ? Math.abs(step) : step),
        python: `c[${text(start)}:${text(stop)}:${isSequential ? Math.abs(step) : step}]`,
      },
      { here: () => list.concat(other as nn.Sequential & nn.ModuleList), python: `c + ${kind}` },
      {
        here: () => [...list].map((each) => each.parameters()[0]?.shape[1]),
        python: `[str(m.in_features) for m in c]`,
      },
    ];
    if (isSequential) {
      choices.push({ here: () => list.repeat(Math.abs(index)), python: `c * ${Math.abs(index)}` });
      choices.push({ here: () => list.insert(index, module), python: `c.insert(${index}, ${python})` });
    } else {
      // A place from the end is a KeyError in Python, one beyond it a hole.
      const place = Math.abs(index);
      choices.push({
        here: () => list.insert(Math.min(place, list.length), module),
        python: `c.insert(min(${place}, len(c)), ${python})`,
      });
    }
    return draws.pick(choices);
  };

  it.each([
    ['Sequential', () => new nn.Sequential(), 'nn.Sequential()'],
    ['ModuleList', () => new nn.ModuleList(), 'nn.ModuleList()'],
  ] as const)('%s', async (_, make, python) => {
    for (let round = 0; round < ROUNDS; round++) {
      const draws = new Draws(round);
      const list = make();
      made = 0;
      const drawn = Array.from({ length: STEPS }, () => steps(draws, list));
      await compareSteps(oracle(), list, python, drawn);
    }
  });

  it('keep names that were given, in slices and in the state dict', async () => {
    const { keys, printed } = await oracle().run(
      `
      import collections
      nn = torch.nn
      c = nn.Sequential(collections.OrderedDict(body=nn.Linear(2, 3), head=nn.Linear(3, 1), last=nn.ReLU()))
      keys, printed = list(c.state_dict()), [str(c[1:]), str(c[-1])]
      c[0] = nn.Identity()
      printed.append(str(c))
      del c[0]
      printed.append(str(c))
      `,
      { outputs: { keys: 'strings', printed: 'strings' } },
    );
    for (const named of [
      { body: new nn.Linear(2, 3), head: new nn.Linear(3, 1), last: new nn.ReLU() },
      new Map<string, nn.Module>([
        ['body', new nn.Linear(2, 3)],
        ['head', new nn.Linear(3, 1)],
        ['last', new nn.ReLU()],
      ]),
    ]) {
      const model = new nn.Sequential(named);
      expect([...model.stateDict().keys()]).toEqual(keys);
      const ours = [model.slice(1).toString(), model.at(-1).toString()];
      ours.push(model.set(0, new nn.Identity()).toString());
      model.delete(0);
      expect([...ours, model.toString()]).toEqual(printed);
    }
  });
});

describeWithOracle('dicts of modules', (oracle) => {
  it('go through random operations as in Python', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const draws = new Draws(round);
      const dict = new nn.ModuleDict();
      const steps = Array.from({ length: STEPS }, (_, made): Step => {
        const key = draws.pick(['b', '2', 'a', '10', 'Z', 'x_y']);
        const other = draws.pick(['c', 'a', '10']);
        const [module, second] = [new nn.Linear(made + 1, 1), new nn.ReLU()];
        const python = `Linear(${made + 1})`;
        return draws.pick<Step>([
          { here: () => dict.set(key, module), python: `c.__setitem__('${key}', ${python})` },
          { here: () => dict.set(key, module), python: `c.__setitem__('${key}', ${python})` },
          { here: () => dict.set('p.q', module), python: `c.__setitem__('p.q', ${python})` },
          { here: () => dict.delete(key), python: `c.__delitem__('${key}')` },
          { here: () => dict.pop(key), python: `c.pop('${key}')` },
          { here: () => dict.at(key), python: `c['${key}']` },
          { here: () => dict.has(key), python: `'${key}' in c` },
          { here: () => [...dict.keys()], python: 'list(c.keys())' },
          { here: () => [...dict], python: 'list(c)' },
          {
            here: () => [...dict.items()].map(([name, each]) => name + each.constructor.name),
            python: '[n + type(m).__name__ for n, m in c.items()]',
          },
          {
            here: () => dict.update({ [key]: module, [other]: second }),
            python: `c.update(${/^\d/.test(other) && !(/^\d/.test(key) && Number(key) < 10) ? `{'${other}': nn.ReLU(), '${key}': ${python}} if '${key}' != '${other}' else {'${other}': nn.ReLU()}` : `{'${key}': ${python}, '${other}': nn.ReLU()}`})`,
          },
          {
            here: () =>
              dict.update([
                [key, module],
                [other, second],
              ]),
            python: `c.update([('${key}', ${python}), ('${other}', nn.ReLU())])`,
          },
          {
            here: () => dict.update(new nn.ModuleDict([[other, second]])),
            python: `c.update(nn.ModuleDict({'${other}': nn.ReLU()}))`,
          },
          { here: () => dict.clear(), python: 'c.clear()' },
        ]);
      });
      await compareSteps(oracle(), dict, 'nn.ModuleDict()', steps);
    }
  });
});

describeWithOracle('lists and dicts of parameters', (oracle) => {
  it('go through random operations as in Python', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const draws = new Draws(100 + round);
      const [list, dict] = [new nn.ParameterList<unknown>(), new nn.ParameterDict<unknown>()];
      const value = (): { value: unknown; python: string } => {
        const size = draws.int(0, 5);
        return draws.pick([
          { value: zeros([size]), python: `torch.zeros(${size})` },
          { value: new nn.Parameter(zeros([2, size])), python: `nn.Parameter(torch.zeros(2, ${size}))` },
          { value: size, python: String(size) },
          { value: null, python: 'None' },
          { value: 'text', python: "'text'" },
          { value: new nn.Buffer(ones([2])), python: 'nn.Buffer(torch.ones(2))' },
        ]);
      };
      const listStep = (): Step => {
        const index = draws.int(-3, 3);
        const [one, two] = [value(), value()];
        return draws.pick<Step>([
          { here: () => list.append(one.value), python: `c.append(${one.python})` },
          { here: () => list.append(one.value), python: `c.append(${one.python})` },
          { here: () => list.extend([one.value, two.value]), python: `c.extend([${one.python}, ${two.python}])` },
          { here: () => list.extend(zeros([2]) as never), python: 'c.extend(torch.zeros(2))' },
          { here: () => list.set(index, one.value), python: `c.__setitem__(${index}, ${one.python})` },
          { here: () => list.slice(index, null, draws.pick([1])), python: `c[${index}:]` },
          { here: () => list.slice(null, null, -1), python: 'c[::-1]' },
          { here: () => [list.length], python: '[str(len(c))]' },
        ]);
      };
      const dictStep = (): Step => {
        const key = draws.pick(['b', '2', 'a', '10']);
        const [one, two] = [value(), value()];
        return draws.pick<Step>([
          { here: () => dict.set(key, one.value), python: `c.__setitem__('${key}', ${one.python})` },
          { here: () => dict.delete(key), python: `c.__delitem__('${key}')` },
          { here: () => dict.pop(key), python: `c.pop('${key}')` },
          { here: () => [dict.popitem()[0]], python: '[c.popitem()[0]]' },
          { here: () => dict.has(key), python: `'${key}' in c` },
          { here: () => dict.setdefault(key, one.value), python: `c.setdefault('${key}', ${one.python})` },
          { here: () => dict.get(key) === null, python: `c.get('${key}') is None` },
          { here: () => dict.get(key, 5) === 5, python: `c.get('${key}', 5) is 5` },
          { here: () => dict.copy(), python: 'c.copy()' },
          {
            here: () => dict.or(new nn.ParameterDict<unknown>({ z: one.value, [key]: two.value })),
            python: `c | nn.ParameterDict({'z': ${one.python}, '${key}': ${two.python}})`,
          },
          { here: () => dict.fromkeys(['x', key], one.value), python: `c.fromkeys(['x', '${key}'], ${one.python})` },
          { here: () => [...dict], python: 'list(c)' },
          { here: () => [...dict.keys()], python: 'list(c.keys())' },
          { here: () => [[...dict.values()].length], python: '[str(len(list(c.values())))]' },
          {
            here: () => dict.update({ z: one.value, [key]: two.value }),
            python: `c.update({'z': ${one.python}, '${key}': ${two.python}})`,
          },
          {
            here: () =>
              dict.update([
                ['z', one.value],
                [key, two.value],
              ]),
            python: `c.update([('z', ${one.python}), ('${key}', ${two.python})])`,
          },
        ]);
      };
      await compareSteps(oracle(), list, 'nn.ParameterList()', Array.from({ length: STEPS }, listStep));
      await compareSteps(oracle(), dict, 'nn.ParameterDict()', Array.from({ length: STEPS }, dictStep));
    }
  });
});

describe('containers', () => {
  it('share the memory of the tensors that they make parameters of', () => {
    const [a, b] = [randn([2]), new nn.Parameter(randn([2]))];
    const list = new nn.ParameterList<Tensor>([a, b]);
    const dict = new nn.ParameterDict<Tensor>({ a, b });
    a.zero_();
    expect([list.at(0).sum().item(), dict.at('a').sum().item()]).toEqual([0, 0]);
    expect([list.at(1) === b, dict.at('b') === b, dict.copy().at('b') === b]).toEqual([true, true, true]);
  });

  it('are trained, saved, copied and found by their paths', () => {
    class Net extends nn.Module {
      readonly choices = new nn.ModuleDict({ conv: new nn.Conv1d(1, 1, 1), linear: new nn.Linear(2, 2) });
      readonly weights = new nn.ParameterDict({ b: ones([2]), a: ones([2]) });
      readonly list = new nn.ParameterList([ones([1])]);

      forward(x: Tensor): Tensor {
        return this.choices.at('linear').forward(x).mul(this.weights.at('a')).add(this.list.at(0));
      }
    }
    const model = new Net();
    expect([...model.stateDict().keys()]).toEqual([
      'choices.conv.weight',
      'choices.conv.bias',
      'choices.linear.weight',
      'choices.linear.bias',
      'weights.a',
      'weights.b',
      'list.0',
    ]);
    const twin = nn.deepcopy(model);
    for (const parameter of twin.parameters()) parameter.data.zero_();
    expect(model.weights.at('a').sum().item()).toBe(2);
    twin.loadStateDict(model.stateDict());
    const x = randn([3, 2]);
    expectSameBits(twin.forward(x).detach(), model.forward(x).detach());
    model.to('float64');
    expect([model.list.at(0).dtype, model.choices.at('conv').weight.dtype]).toEqual(['float64', 'float64']);
    expect(model.getSubmodule('choices.conv')).toBe(model.choices.at('conv'));
  });

  it('refuse with a sentence what they cannot hold', () => {
    const dict = new nn.ModuleDict({ a: new nn.ReLU() });
    expect(() => dict.at('b')).toThrow("ModuleDict has no key 'b'; it has 'a'");
    expect(() => dict.set('b', 3 as never)).toThrow('expected a Module');
    expect(() => dict.registerModule('b', null)).toThrow('expected a Module');
    expect(() => dict.update(3 as never)).toThrow('expected an object, a map or pairs');
    expect(() => dict.update([['a']] as never)).toThrow('element 0 of `modules` has length 1; 2 is required');
    expect(() => dict.update([3] as never)).toThrow('expected pairs of key and value, received 3 at place 0');
    expect(() => dict.forward()).toThrow('call its modules');
    const list = new nn.ParameterList([tensor([1.5])]);
    expect(() => list.at(1)).toThrow('at(): index 1 is out of range for 1 elements');
    expect(() => list.set(0, 3 as never)).toThrow("expected a Tensor or null for the parameter '0', received 3");
    expect(() => new nn.ParameterDict({ a: 3 } as never).set('b.c', ones([1]))).toThrow('without a dot');
    expect(() => new nn.Sequential(new nn.ReLU()).concat([new nn.ReLU()] as never)).toThrow('expected a Sequential');
    const backwards = new nn.Sequential(new nn.ReLU(), new nn.Tanh()).slice(null, null, -1);
    expect([...backwards].map(({ constructor }) => constructor.name)).toEqual(['Tanh', 'ReLU']);
    const swapped = new Map<string, nn.Module>([
      ['1', new nn.ReLU()],
      ['0', new nn.Tanh()],
    ]);
    expect(() => new nn.Sequential(swapped)).toThrow('an order that JavaScript keeps');
    expect(() => new nn.ModuleList().append(3 as never)).toThrow('expected a Module');
    expect(() => new nn.ModuleList([new nn.ReLU()]).slice(0, 1, 0)).toThrow('a step other than 0');
  });
});

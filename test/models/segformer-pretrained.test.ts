import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inferenceMode } from '../../lib/autograd';
import { SegFormer, type PretrainedOptions } from '../../lib/models';
import { loadSafetensors, save, saveSafetensors } from '../../lib/serialize';
import {
  cat,
  getDefaultDevice,
  getRngState,
  manualSeed,
  randn,
  setDefaultDevice,
  type Tensor,
  zeros,
} from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'segformer-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let warnings: jest.SpyInstance;
beforeEach(() => (warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)));
afterEach(() => warnings.mockRestore());

const small = {
  outChannels: 4,
  hiddenSizes: [8, 16],
  depths: [2, 1],
  numAttentionHeads: [1, 2],
  srRatios: [2, 1],
  patchSizes: [7, 3],
  strides: [4, 2],
  mlpRatios: [2, 3],
  decoderHiddenSize: 12,
  attnImplementation: 'sdpa',
} as const;

/** For Python, whose lists are not readonly. */
const python = Object.fromEntries(
  Object.entries(small).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
) as Record<string, number | string | number[]>;

function expectSameState(model: SegFormer, expected: Record<string, Tensor>): void {
  const state = model.stateDict();
  expect([...state.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [key, tensor] of state) expectSameBits(tensor, expected[key] as Tensor, key);
}

/** A folder of a model of ours. */
function saved(name: string, options: ConstructorParameters<typeof SegFormer>[0] = small): string {
  const place = path.join(folder, name);
  new SegFormer(options).savePretrained(place);
  return place;
}

describeWithOracle('SegFormer.fromPretrained', (oracle) => {
  it.each<[string, string]>([
    ['model.safetensors', `model.save_pretrained(place)`],
    ['model.safetensors.index.json', `model.save_pretrained(place, max_shard_size='5KB')`],
    [
      'pytorch_model.bin',
      `
      model.config.save_pretrained(place)
      torch.save(segformer.state(model), place + '/pytorch_model.bin')
      `,
    ],
    [
      'pytorch_model.bin.index.json',
      `
      import json
      model.config.save_pretrained(place)
      weight_map = {}
      for index, (key, tensor) in enumerate(segformer.state(model).items()):
          weight_map[key] = f'pytorch_model-{index % 3}.bin'
      for shard in set(weight_map.values()):
          part = {k: v for k, v in segformer.state(model).items() if weight_map[k] == shard}
          torch.save(part, place + '/' + shard)
      with open(place + '/pytorch_model.bin.index.json', 'w') as file:
          json.dump({'metadata': {}, 'weight_map': weight_map}, file)
      `,
    ],
  ])('loads what Hugging Face saves as %s, and gives its bits', async (file, saveIt) => {
    const place = path.join(folder, `hf-${file}`);
    const image = randn([2, 3, 45, 64]);
    const { state, output } = await oracle().run(
      [
        'import segformer, os',
        'torch.manual_seed(3)',
        'os.makedirs(place, exist_ok=True)',
        'model = segformer.make(args)',
        "model.config.id2label = {0: 'pet', 1: 'background', 2: 'border', 3: 'none'}",
        // Statistics that a new model does not have.
        'for _ in range(3): model.train()(pixel_values=torch.randn(2, 3, 32, 32))',
        'model.eval()',
        ...dedent(saveIt),
        'state = segformer.state(model)',
        'with torch.inference_mode(): output = segformer.scores(model, image).clone()',
      ].join('\n'),
      { inputs: { args: python, place, image }, outputs: { state: 'tensorDict', output: 'tensor' } },
    );
    expect(readdirSync(place)).toContain(file);
    const before = getRngState();
    const model = await SegFormer.fromPretrained(place);
    expectSameBits(getRngState(), before, 'generator, of which nothing is needed');
    expect(warnings).not.toHaveBeenCalled();
    expectSameState(model, state);
    expect(model.training).toBe(false);
    expect(model.labels).toEqual(['pet', 'background', 'border', 'none']);
    expectSameBits(
      inferenceMode(() => model.forward(image)),
      output,
      'output',
    );
  });

  it.each([
    ['SegformerForImageClassification', ['classifier.bias', 'classifier.weight']],
    ['SegformerModel', []],
  ])('loads the encoder of a %s and draws the head as Hugging Face does', async (kind, unexpected) => {
    const place = path.join(folder, `encoder-${kind}`);
    const { state, missing, rng } = await oracle().run(
      `
      import segformer, transformers
      torch.manual_seed(4)
      getattr(transformers, kind)(segformer.config(args)).save_pretrained(place)
      torch.manual_seed(5)
      model, info = transformers.SegformerForSemanticSegmentation.from_pretrained(
          place, num_labels=6, output_loading_info=True)
      # Its head keeps the names in memory.
      model.save_pretrained(place + '-again')
      state, rng = segformer.state(model), torch.get_rng_state()
      missing = sorted(segformer.by_key(model, {key: None for key in info['missing_keys']}))
      `,
      {
        inputs: { args: python, place, kind },
        outputs: { state: 'tensorDict', missing: 'strings', rng: 'tensor' },
      },
    );
    manualSeed(5);
    const [model, info] = await SegFormer.fromPretrained(place, { outChannels: 6, outputLoadingInfo: true });
    expectSameState(model, state);
    expectSameBits(getRngState(), rng, 'generator');
    expect([...info.missingKeys].sort()).toEqual(missing);
    expect([...info.unexpectedKeys].sort()).toEqual(unexpected);
    expect(info.mismatchedKeys).toEqual([]);
    expect(warnings).not.toHaveBeenCalled();
    expectSameState(await SegFormer.fromPretrained(`${place}-again`), state);
    expect(warnings).not.toHaveBeenCalled();
    await SegFormer.fromPretrained(place);
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings).toHaveBeenCalledWith(
      expect.stringMatching(/lacks decode_head\.linear_c\.0\.proj\.weight, .* and \d+ more: they are drawn anew/),
      'TorchWarning',
    );
  });

  it('draws only the classifier anew for other classes, as Hugging Face does', async () => {
    const place = path.join(folder, 'classes');
    const { state, rng } = await oracle().run(
      `
      import segformer, transformers
      torch.manual_seed(6)
      segformer.make(args).save_pretrained(place)
      torch.manual_seed(7)
      model = transformers.SegformerForSemanticSegmentation.from_pretrained(
          place, num_labels=9, ignore_mismatched_sizes=True)
      state, rng = segformer.state(model), torch.get_rng_state()
      `,
      { inputs: { args: python, place }, outputs: { state: 'tensorDict', rng: 'tensor' } },
    );
    await expect(SegFormer.fromPretrained(place, { outChannels: 9 })).rejects.toThrow(
      /with `ignoreMismatchedSizes` they are drawn anew:\n {2}decode_head\.classifier\.weight: \[4, 12, 1, 1\], the model has \[9, 12, 1, 1\]\n/,
    );
    manualSeed(7);
    const options = { outChannels: 9, ignoreMismatchedSizes: true };
    const [model, info] = await SegFormer.fromPretrained(place, { ...options, outputLoadingInfo: true });
    expectSameState(model, state);
    expectSameBits(getRngState(), rng, 'generator');
    expect(info).toEqual({
      missingKeys: [],
      unexpectedKeys: [],
      mismatchedKeys: [
        { key: 'decode_head.classifier.weight', checkpoint: [4, 12, 1, 1], model: [9, 12, 1, 1] },
        { key: 'decode_head.classifier.bias', checkpoint: [4], model: [9] },
      ],
    });
    await SegFormer.fromPretrained(place, options);
    expect(warnings).toHaveBeenCalledWith(
      expect.stringMatching(/has in another shape decode_head\.classifier\.weight, /),
      'TorchWarning',
    );
  });

  it('loads a state dict under the names that transformers gives it in memory', async () => {
    const file = path.join(folder, 'memory.pt');
    const { state } = await oracle().run(
      `
      import segformer
      model = segformer.make(args)
      torch.save({'epoch': 3, 'state_dict': model.state_dict()}, file)
      state = segformer.state(model)
      `,
      { inputs: { args: python, file }, outputs: { state: 'tensorDict' } },
    );
    const model = await SegFormer.fromPretrained(file, {
      numAttentionHeads: small.numAttentionHeads,
      strides: small.strides,
    });
    expectSameState(model, state);
    expect(model.args).toMatchObject({ ...small, attnImplementation: 'sdpa' });
  });

  it('is loaded by Hugging Face from the folder that it saves', async () => {
    const model = new SegFormer({ ...small, hiddenAct: 'relu', dropPathRate: 0.25 });
    model.labels = ['a', 'b', 'c', 'd'];
    const place = path.join(folder, 'ours');
    model.savePretrained(place);
    const image = randn([1, 3, 33, 70]);
    const { output, info, config } = await oracle().run(
      `
      import segformer, transformers
      model, info = transformers.SegformerForSemanticSegmentation.from_pretrained(place, output_loading_info=True)
      with torch.inference_mode():
          output = segformer.scores(model, image).clone()
      info = [len(info[name]) for name in ('missing_keys', 'unexpected_keys', 'mismatched_keys')]
      config = [model.config.hidden_act, model.config.drop_path_rate, model.config.id2label[3], model.config.num_labels]
      `,
      { inputs: { place, image }, outputs: { output: 'tensor', info: 'numbers', config: 'value' } },
    );
    expect(info).toEqual([0, 0, 0]);
    expect(config).toEqual(['relu', 0.25, 'd', 4]);
    expectSameBits(
      inferenceMode(() => model.eval().forward(image)),
      output,
      'output',
    );
  });
});

test('what a configuration says of the loss and of the last stage is saved as it was loaded', async () => {
  const place = saved('kept');
  const file = path.join(place, 'config.json');
  const read = (from: string): unknown => JSON.parse(readFileSync(path.join(from, 'config.json'), 'utf8'));
  const other = { ...(read(place) as object), semantic_loss_ignore_index: -100, reshape_last_stage: false };
  writeFileSync(file, JSON.stringify(other));
  const again = path.join(folder, 'kept-again');
  (await SegFormer.fromPretrained(place)).savePretrained(again);
  expect(read(again)).toEqual(other);
});

describe("the authors' checkpoints", () => {
  /** Hugging Face's keys as the authors' program has them, keys and values of attention in one tensor. */
  function authors(model: SegFormer, prefix: string): Map<string, Tensor> {
    const renamed = new Map<string, Tensor>();
    for (const [key, tensor] of model.stateDict()) {
      const next = (stage: string): number => Number(stage) + 1;
      const name = key
        .replace(/^segformer\.encoder\./, prefix)
        .replace(/patch_embeddings\.(\d)\.proj/, (_, s: string) => `patch_embed${next(s)}.proj`)
        .replace(/patch_embeddings\.(\d)\.layer_norm/, (_, s: string) => `patch_embed${next(s)}.norm`)
        .replace(/block\.(\d)\./, (_, s: string) => `block${next(s)}.`)
        .replace(/layer_norm_/, 'norm')
        .replace('attention.self.query', 'attn.q')
        .replace('attention.self.sr', 'attn.sr')
        .replace('attention.self.layer_norm', 'attn.norm')
        .replace('attention.output.dense', 'attn.proj')
        .replace(/dense([12])/, 'fc$1')
        .replace(/(^|\.)layer_norm\.(\d)\./, (_, dot: string, s: string) => `${dot}norm${next(s)}.`)
        .replace(/linear_c\.(\d)/, (_, s: string) => `linear_c${next(s)}`)
        .replace('linear_fuse', 'linear_fuse.conv')
        .replace('decode_head.batch_norm', 'decode_head.linear_fuse.bn')
        .replace('decode_head.classifier', 'decode_head.linear_pred');
      if (name.includes('attention.self.value')) continue;
      if (!name.includes('attention.self.key')) renamed.set(name, tensor);
      else {
        const value = model.stateDict().get(key.replace('self.key', 'self.value')) as Tensor;
        renamed.set(name.replace('attention.self.key', 'attn.kv'), cat([tensor, value]));
      }
    }
    return renamed;
  }

  it.each(['b0', 'b1'] as const)('load from one file, whose tensors tell that it is of a %s', async (variant) => {
    const model = new SegFormer({ variant, outChannels: 5 });
    const file = path.join(folder, `segformer.${variant}.pth`);
    const state = authors(model, 'backbone.');
    expect([...state.keys()]).toEqual(
      expect.arrayContaining([
        'backbone.patch_embed1.proj.weight',
        'backbone.patch_embed4.norm.bias',
        'backbone.block1.0.norm1.weight',
        'backbone.block1.0.attn.kv.weight',
        'backbone.block1.0.attn.sr.weight',
        'backbone.block1.0.attn.norm.weight',
        'backbone.block4.1.mlp.dwconv.dwconv.weight',
        'backbone.block4.1.mlp.fc2.bias',
        'backbone.norm4.weight',
        'decode_head.linear_c4.proj.weight',
        'decode_head.linear_fuse.conv.weight',
        'decode_head.linear_fuse.bn.running_mean',
        'decode_head.linear_pred.bias',
      ]),
    );
    save({ meta: { epoch: 160 }, state_dict: state.set('decode_head.conv_seg.weight', zeros([5, 128, 1, 1])) }, file);
    const [loaded, info] = await SegFormer.fromPretrained(file, { outputLoadingInfo: true });
    expect(loaded.args).toEqual(model.args);
    expectSameState(loaded, Object.fromEntries(model.stateDict()));
    expect(info).toEqual({ missingKeys: [], unexpectedKeys: ['decode_head.conv_seg.weight'], mismatchedKeys: [] });
  });

  it('load of the encoder alone, with a head that is drawn', async () => {
    const model = new SegFormer();
    const file = path.join(folder, 'mit_b0.pth');
    const state = [...authors(model, '')].filter(([key]) => !key.startsWith('decode_head'));
    save(new Map([...state, ['head.weight', zeros([1000, 256])], ['head.bias', zeros([1000])]]), file);
    const [loaded, info] = await SegFormer.fromPretrained(file, { outChannels: 3, outputLoadingInfo: true });
    expect(info.missingKeys.every((key) => key.startsWith('decode_head.'))).toBe(true);
    expect(info.unexpectedKeys).toEqual(['head.weight', 'head.bias']);
    const [ours, theirs] = [model.stateDict(), loaded.stateDict()];
    for (const [key, tensor] of ours) {
      if (key.startsWith('segformer.')) expectSameBits(theirs.get(key) as Tensor, tensor, key);
    }
    expect(theirs.get('decode_head.classifier.weight')?.std().item()).toBeCloseTo(0.02, 2);
    expect(theirs.get('decode_head.batch_norm.running_var')?.sum().item()).toBe(256);
    expect(theirs.get('decode_head.batch_norm.num_batches_tracked')?.item()).toBe(0);
  });
});

describe('SegFormer.fromPretrained', () => {
  it('takes options of the model before those of the checkpoint', async () => {
    const place = saved('options', { ...small, dropPathRate: 0.2 });
    const model = await SegFormer.fromPretrained(place, { classifierDropoutProb: 0.5, attnImplementation: 'eager' });
    expect(model.args).toMatchObject({ classifierDropoutProb: 0.5, attnImplementation: 'eager', dropPathRate: 0.2 });
  });

  it('leaves the default device and the live tensors as they were', async () => {
    const place = saved('device');
    setDefaultDevice('cpu');
    try {
      await SegFormer.fromPretrained(place);
      expect(getDefaultDevice()).toBe('cpu');
    } finally {
      setDefaultDevice(null);
    }
  });

  it('keeps nothing half-written, and says where it cannot write', () => {
    const file = path.join(folder, 'a-file');
    writeFileSync(file, '');
    expect(() => new SegFormer(small).savePretrained(file)).toThrow(/cannot write .*a-file/);
    const place = saved('written');
    expect(readdirSync(place).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(loadSafetensors(path.join(place, 'model.safetensors')).metadata.get('format')).toBe('pt');
  });

  const config = (place: string, change: (config: Record<string, unknown>) => void): void => {
    const file = path.join(place, 'config.json');
    const content = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    change(content);
    writeFileSync(file, JSON.stringify(content));
  };

  it.each<[string, (place: string) => void, PretrainedOptions, string | RegExp]>([
    ['no configuration', (place) => rmSync(path.join(place, 'config.json')), {}, /has no config\.json/],
    [
      'no weights',
      (place) => rmSync(path.join(place, 'model.safetensors')),
      {},
      /has no weights: expected one of model\.safetensors/,
    ],
    [
      'a broken configuration',
      (place) => writeFileSync(path.join(place, 'config.json'), '{'),
      {},
      /config\.json is not valid JSON/,
    ],
    [
      'a list for a configuration',
      (place) => writeFileSync(path.join(place, 'config.json'), '[]'),
      {},
      /config\.json is no configuration/,
    ],
    [
      'another model',
      (place) => config(place, (c) => (c['model_type'] = 'vit')),
      {},
      /config\.json describes a model of the type "vit", expected "segformer"/,
    ],
    [
      'impossible sizes',
      (place) => config(place, (c) => (c['num_attention_heads'] = [3, 2])),
      {},
      /config\.json does not describe a SegFormer: 3 attention heads do not divide the 8 numbers/,
    ],
    [
      'another number of stages than the lists have',
      (place) => config(place, (c) => (c['num_encoder_blocks'] = 3)),
      {},
      /config\.json has `num_encoder_blocks` 3, but `hidden_sizes` for 2 stages/,
    ],
    [
      'an index that is none',
      (place) => config(place, (c) => (c['semantic_loss_ignore_index'] = 'none')),
      {},
      /config\.json has `semantic_loss_ignore_index` "none", expected a whole number/,
    ],
    [
      'a value of another kind',
      (place) => config(place, (c) => (c['depths'] = 'two')),
      {},
      /config\.json does not describe a SegFormer: expected a list of whole numbers of at least 1 for `depths`/,
    ],
    [
      'labels with gaps',
      (place) => config(place, (c) => (c['id2label'] = { 0: 'a', 2: 'b' })),
      {},
      /config\.json has `id2label` without a name for each of 0 to 1/,
    ],
    [
      'broken weights',
      (place) => writeFileSync(path.join(place, 'model.safetensors'), 'short'),
      {},
      /model\.safetensors is not a valid safetensors file/,
    ],
    [
      'weights of another model',
      (place) => saveSafetensors(path.join(place, 'model.safetensors'), new Map([['linear.weight', zeros([2])]])),
      {},
      /has no tensor under any of the keys of the model/,
    ],
    [
      'other shapes',
      (place) => config(place, (c) => (c['hidden_sizes'] = [8, 18])),
      {},
      /segformer\.encoder\.layer_norm\.1\.weight: \[16\], the model has \[18\]/,
    ],
    [
      'an option of its own that is wrong',
      () => undefined,
      { classifierDropoutProb: 2 },
      /^SegFormer: expected a probability/,
    ],
    ['an unknown option', () => undefined, { variant: 'b0' } as PretrainedOptions, /unknown option `variant`/],
    [
      'a switch that is none',
      () => undefined,
      { ignoreMismatchedSizes: 1 as never },
      /expected a boolean for `ignoreMismatchedSizes`/,
    ],
    [
      'an index that leads elsewhere',
      (place) => {
        rmSync(path.join(place, 'model.safetensors'));
        writeFileSync(
          path.join(place, 'pytorch_model.bin.index.json'),
          JSON.stringify({ weight_map: { a: '../pytorch_model.bin' } }),
        );
      },
      {},
      /index\.json does not name a file beside it for the tensor "a"/,
    ],
    [
      'an index of a file that is missing',
      (place) => {
        rmSync(path.join(place, 'model.safetensors'));
        writeFileSync(path.join(place, 'pytorch_model.bin.index.json'), JSON.stringify({ weight_map: { a: 'b.bin' } }));
      },
      {},
      /lacks b\.bin, which pytorch_model\.bin\.index\.json names/,
    ],
    [
      'a pickle that is no state dict',
      (place) => {
        rmSync(path.join(place, 'model.safetensors'));
        save({ model: { weight: zeros([1]), epoch: 3 } }, path.join(place, 'pytorch_model.bin'));
      },
      {},
      /pytorch_model\.bin holds no state dict: its `epoch` is no tensor/,
    ],
  ])('says what is wrong with %s', async (name, spoil, options, sentence) => {
    const place = saved(`bad ${name}`);
    spoil(place);
    await expect(SegFormer.fromPretrained(place, { ...options, outputLoadingInfo: false })).rejects.toThrow(sentence);
  });

  it('says so where there is nothing under a path', async () => {
    const place = path.join(folder, 'nowhere', 'at all');
    await expect(SegFormer.fromPretrained(place)).rejects.toThrow(
      `${place} does not exist, and is no name of a repository`,
    );
    const file = path.join(folder, 'other.pt');
    save(new Map([['weight', zeros([2])]]), file);
    await expect(SegFormer.fromPretrained(file)).rejects.toThrow(
      'other.pt holds no SegFormer: it has no patch embeddings',
    );
    expect(existsSync(place)).toBe(false);
    mkdirSync(path.join(folder, 'empty'));
    await expect(SegFormer.fromPretrained(path.join(folder, 'empty'))).rejects.toThrow('empty has no config.json');
  });
});

function dedent(source: string): string[] {
  const lines = source.split('\n').filter((line) => line.trim() !== '');
  const indent = Math.min(...lines.map((line) => /^ */.exec(line)?.[0].length ?? 0));
  return lines.map((line) => line.slice(indent));
}

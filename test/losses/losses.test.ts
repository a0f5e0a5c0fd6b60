/** Losses beside their twins: torchvision's where it has them, else the formulas of the papers, written down in Python. */
import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { losses, nn } from '../../lib';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits, type OracleInput } from '../oracle/oracle';

/** Written as one would in Python: one-hot by PyTorch, a loop over classes, a loop over images. */
const TWINS = `
import torch.nn.functional as F

def flatten(mode, x, y, ignore):
  x = x.float() if x.dtype != torch.float64 else x
  n, c = x.shape[0], 1 if mode == 'binary' else x.shape[1]
  x = x.reshape(n, c, -1)
  if mode != 'multiclass':
    y = y.reshape(n, c, -1)
    return x, y.to(x.dtype), None if ignore is None else y != ignore
  y = y.reshape(n, -1)
  mask = None if ignore is None else (y != ignore)
  y = y if mask is None else y.masked_fill(~mask, 0)
  hot = F.one_hot(y, c).permute(0, 2, 1).contiguous().to(x.dtype)
  return x, hot, None if mask is None else mask.unsqueeze(1)

def region(kind, mode, x, y, classes=None, log_loss=False, from_logits=True, smooth=0.0, ignore_index=None, eps=1e-7):
  x, y, mask = flatten(mode, x, y, ignore_index)
  p = x
  if from_logits: p = F.log_softmax(x, dim=1).exp() if mode == 'multiclass' else F.logsigmoid(x).exp()
  if mask is not None: p, y = p * mask, y * mask
  both, each = torch.sum(p * y, dim=(0, 2)), torch.sum(p + y, dim=(0, 2))
  if kind == 'DiceLoss': score = (2 * both + smooth) / (each + smooth).clamp_min(eps)
  else: score = (both + smooth) / (each - both + smooth).clamp_min(eps)
  loss = -torch.log(score.clamp_min(eps)) if log_loss else 1 - score
  loss = loss * (y.sum((0, 2)) > 0).to(loss.dtype)
  return (loss if classes is None else loss[classes]).mean()

def focal(mode, x, y, alpha=None, gamma=2.0, ignore_index=None, reduction='mean'):
  from torchvision.ops import sigmoid_focal_loss
  x, hot, mask = flatten(mode, x, y, ignore_index)
  if mode == 'multiclass':
    labels = (hot if mask is None else hot * mask).argmax(1, keepdim=True)
    logp = F.log_softmax(x, dim=1).gather(1, labels)
    loss = (1 - logp.exp()) ** gamma * -logp
    if alpha is not None: loss = torch.tensor(alpha, dtype=x.dtype)[labels] * loss
  else:
    loss = sigmoid_focal_loss(x, hot if mask is None else hot * mask, -1 if alpha is None else alpha, gamma)
  if mask is not None: loss = loss * mask
  if reduction == 'none': return loss
  if reduction == 'sum': return loss.sum()
  return loss.mean() if mask is None else loss.sum() / mask.sum()

def lovasz_grad(truth):
  total = truth.sum()
  intersection = total - truth.cumsum(0)
  union = total + (1 - truth).cumsum(0)
  jaccard = 1.0 - intersection / union
  if len(truth) > 1: jaccard[1:] = jaccard[1:] - jaccard[:-1]
  return jaccard

def lovasz_softmax_flat(p, labels, classes):
  found = []
  for c in (range(p.shape[1]) if isinstance(classes, str) else classes):
    truth = (labels == c).to(p.dtype)
    if classes == 'present' and truth.sum() == 0: continue
    errors, order = torch.sort((truth - p[:, c]).abs(), 0, descending=True)
    found.append(torch.dot(errors, lovasz_grad(truth[order])))
  return torch.stack(found).mean()

def lovasz_hinge_flat(x, truth):
  errors, order = torch.sort(1.0 - x * (2.0 * truth - 1.0), dim=0, descending=True)
  return torch.dot(F.relu(errors), lovasz_grad(truth[order]))

def images(per_image, *tensors):
  return [[None if t is None else t[i:i + 1] for t in tensors] for i in range(len(tensors[0]))] if per_image else [tensors]

def lovasz(mode, x, y, per_image=False, ignore_index=None, from_logits=True, classes='present'):
  x, hot, mask = flatten(mode, x, y, ignore_index)
  if mode == 'multiclass' and from_logits: x = x.softmax(1)
  found = []
  for p, t, m in images(per_image, x, hot, mask):
    if mode == 'multiclass':
      p, labels = p.permute(0, 2, 1).reshape(-1, p.shape[1]), t.argmax(1).reshape(-1)
      if m is not None: p, labels = p[m.reshape(-1)], labels[m.reshape(-1)]
      found.append(lovasz_softmax_flat(p, labels, classes) if len(p) else p.sum())
    else:
      p, t = (p.reshape(-1), t.reshape(-1)) if m is None else (p[m], t[m])
      found.append(lovasz_hinge_flat(p, t) if len(p) else p.sum())
  return torch.stack(found).mean() if per_image else found[0]

def iou(x, y):
  p = x.float().softmax(1) if x.dtype != torch.float64 else x.softmax(1)
  t = torch.cat([(y.reshape(y.shape[0], 1, *x.shape[2:]) == c) for c in range(x.shape[1])], dim=1)
  both = t * p
  either = t + p - both
  return -((both.sum((1, 2, 3)) + 0.001) / (either.sum((1, 2, 3)) + 0.001)).mean().log()

import_torchvision()
x = x.requires_grad_()
loss = eval(call)
loss.sum().backward()
grad = x.grad
`;

interface Problem {
  readonly mode: losses.LossMode;
  readonly x: Tensor;
  readonly y: Tensor;
}

const dtypes = ['float32', 'float32', 'float64', 'bfloat16', 'float16'] as const;

/** Logits and targets of random shape, some classes absent, some pixels of the label that is ignored. */
function problem(draws: Draws, mode: losses.LossMode, ignoreIndex: number | null): Problem {
  torch.manualSeed(draws.int(0, 2 ** 31 - 1));
  const batch = draws.int(1, 3);
  const classes = mode === 'binary' ? 1 : draws.int(2, 5);
  const sides = Array.from({ length: draws.int(1, 2) }, () => draws.int(1, 9));
  const x = torch
    .randn([batch, classes, ...sides])
    .mul(2)
    .to(draws.pick(dtypes));
  const shape = [batch, ...(mode === 'multilabel' ? [classes] : draws.flag() ? [1] : []), ...sides];
  const y = torch.randint(mode === 'multiclass' ? draws.int(1, classes) : 2, shape);
  const ignored = ignoreIndex === null || draws.next() < 0.2 ? y : y.where(torch.rand(shape).gt(0.3), ignoreIndex);
  return { mode, x, y: ignored };
}

/** A value as Python writes it. */
function python(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  return JSON.stringify(value);
}

function pythonArguments(options: object): string {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.entries(options)
    .map(([name, value]) => `, ${snake(name)}=${python(value)}`)
    .join('');
}

describeWithOracle('losses', (oracle) => {
  const modes: readonly losses.LossMode[] = ['multiclass', 'multilabel', 'binary'];

  /** Loss and gradient here, and in Python by the expression `call`. */
  async function compare(label: string, call: string, { x, y }: Problem, loss: (x: Tensor) => Tensor): Promise<void> {
    const inputs: Record<string, OracleInput> = { x, y, call };
    const twin = await oracle().run(TWINS, { inputs, outputs: ['loss', 'grad'] });
    const leaf = x.detach().clone().requiresGrad_();
    const ours = loss(leaf);
    ours.sum().backward();
    expectSameBits(ours, twin.loss, `${label}: ${call}`);
    expectSameBits(leaf.grad as Tensor, twin.grad, `${label}: gradient of ${call}`);
  }

  it.each(modes)('DiceLoss and JaccardLoss have the bits of their formulas: %s', async (mode) => {
    const draws = new Draws(1);
    for (let round = 0; round < 24; round++) {
      const kind = draws.pick(['DiceLoss', 'JaccardLoss'] as const);
      const ignoreIndex = draws.pick([null, null, 255, -1]);
      const given = problem(draws, mode, ignoreIndex);
      const options: losses.RegionLossOptions = {
        ignoreIndex,
        ...(draws.flag() ? { smooth: draws.pick([0, 1, 0.5]) } : {}),
        ...(draws.flag() ? { logLoss: draws.flag() } : {}),
        ...(draws.flag() ? { eps: draws.pick([1e-7, 1e-3]) } : {}),
        ...(draws.next() < 0.3 ? { fromLogits: false } : {}),
        ...(mode !== 'binary' && draws.next() < 0.3 ? { classes: [1, 0] } : {}),
      };
      const call = `region('${kind}', '${mode}', x, y${pythonArguments(options)})`;
      await compare(kind, call, given, (x) => new losses[kind](mode, options).forward(x, given.y));
    }
  });

  it.each(modes)('FocalLoss: %s', async (mode) => {
    const draws = new Draws(2);
    for (let round = 0; round < 24; round++) {
      const ignoreIndex = draws.pick([null, 255]);
      const given = problem(draws, mode, ignoreIndex);
      const classes = given.x.shape[1] ?? 0;
      const weights = Array.from({ length: classes }, (_, index) => 0.25 + index);
      const options: losses.FocalLossOptions = {
        ignoreIndex,
        gamma: draws.pick([2, 0, 1.5]),
        reduction: draws.pick(['mean', 'sum', 'none']),
        alpha: draws.flag() ? null : mode === 'multiclass' ? weights : draws.pick([0.25, 0.75]),
      };
      const call = `focal('${mode}', x, y${pythonArguments(options)})`;
      await compare('FocalLoss', call, given, (x) => new losses.FocalLoss(mode, options).forward(x, given.y));
    }
  });

  it('sigmoidFocalLoss has the bits of torchvision', async () => {
    const draws = new Draws(3);
    for (let round = 0; round < 12; round++) {
      const { x, y } = problem(draws, 'multilabel', null);
      const options = {
        alpha: draws.pick([0.25, 0.5, -1]),
        gamma: draws.pick([2, 3]),
        reduction: draws.pick(['none', 'mean', 'sum'] as const),
      };
      const targets = y.to(x.dtype);
      const call = `__import__('torchvision').ops.sigmoid_focal_loss(x, y${pythonArguments(options)})`;
      await compare('torchvision', call, { mode: 'multilabel', x, y: targets }, (leaf) =>
        losses.sigmoidFocalLoss(leaf, targets, options),
      );
    }
  });

  it.each(modes)('LovaszLoss, lovaszSoftmax and lovaszHinge: %s', async (mode) => {
    const draws = new Draws(4);
    for (let round = 0; round < 24; round++) {
      const ignoreIndex = draws.pick([null, 255]);
      const given = problem(draws, mode, ignoreIndex);
      const options = { perImage: draws.flag(), ignoreIndex };
      const call = (more: object): string => `lovasz('${mode}', x, y${pythonArguments({ ...options, ...more })})`;
      await compare('LovaszLoss', call({}), given, (x) => new losses.LovaszLoss(mode, options).forward(x, given.y));
      if (mode === 'binary') {
        await compare('lovaszHinge', call({}), given, (x) => losses.lovaszHinge(x, given.y, options));
      } else if (mode === 'multiclass') {
        const classes = draws.pick<'present' | 'all' | number[]>(['present', 'all', [1, 0]]);
        const probabilities = { ...given, x: given.x.float().softmax(1) };
        await compare('lovaszSoftmax', call({ classes, fromLogits: false }), probabilities, (x) =>
          losses.lovaszSoftmax(x, given.y, { ...options, classes }),
        );
      }
    }
  });

  it("IoULoss is the article's", async () => {
    const draws = new Draws(5);
    for (let round = 0; round < 8; round++) {
      torch.manualSeed(round);
      const shape = [draws.int(1, 3), draws.int(2, 4), draws.int(1, 8), draws.int(1, 8)];
      const x = torch.randn(shape).to(draws.pick(dtypes));
      const y = torch.randint(shape[1] ?? 2, [shape[0] ?? 1, 1, ...shape.slice(2)]);
      await compare('IoULoss', 'iou(x, y)', { mode: 'multiclass', x, y }, (leaf) =>
        new losses.IoULoss().forward(leaf, y),
      );
    }
  });

  it('WeightedSum adds from left to right', async () => {
    const draws = new Draws(6);
    const given = problem(draws, 'multiclass', null);
    const x = torch.randn([...given.x.shape]);
    const y = given.y.reshape([x.shape[0] ?? 0, ...x.shape.slice(2)]);
    const call = `F.cross_entropy(x, y) + region('DiceLoss', 'multiclass', x, y) * 0.3 + lovasz('multiclass', x, y) * 2.0`;
    const parts = [new nn.CrossEntropyLoss(), new losses.DiceLoss('multiclass'), new losses.LovaszLoss('multiclass')];
    await compare('WeightedSum', call, { ...given, x, y }, (leaf) =>
      new losses.WeightedSum(parts, [1, 0.3, 2]).forward(leaf, y),
    );
  });
});

describe('losses refuse', () => {
  const x = torch.zeros([2, 3, 4, 4]);
  const y = torch.zeros([2, 4, 4], { dtype: 'int64' });
  const refused: readonly [expected: string, () => unknown][] = [
    [
      'DiceLoss(): expected binary, multiclass or multilabel for argument `mode`',
      () => new losses.DiceLoss('b' as never),
    ],
    ['DiceLoss(): unknown option `smoth`', () => new losses.DiceLoss('binary', { smoth: 1 } as never)],
    ['expected a number for option `smooth`', () => new losses.DiceLoss('binary', { smooth: '1' } as never)],
    ['expected a number of at least 0 for option `eps`', () => new losses.JaccardLoss('binary', { eps: -1 })],
    ['expected no classes in mode binary', () => new losses.JaccardLoss('binary', { classes: [0] })],
    [
      'option `classes` names class 3, the input has 3',
      () => new losses.DiceLoss('multiclass', { classes: [3] }).forward(x, y),
    ],
    [
      'expected labels from 0 to 2 in argument `target`, or `ignoreIndex`, received labels from 0 to 3',
      () => new losses.DiceLoss('multiclass').forward(x, y.add(torch.arange(4))),
    ],
    [
      'DiceLoss(): expected labels from 0 to 2 in argument `target`, or `ignoreIndex`, received labels from 0.5 to 0.5',
      () => new losses.DiceLoss('multiclass').forward(x, y.float().add(0.5)),
    ],
    [
      'IoULoss(): expected labels from 0 to 2 in argument `target`, or `ignoreIndex`, received labels from -1 to -1',
      () => new losses.IoULoss().forward(x, y.sub(1)),
    ],
    [
      'IoULoss(): expected labels from 0 to 2 in argument `target`, or `ignoreIndex`, received labels from 255 to 255',
      () => new losses.IoULoss().forward(x, y.unsqueeze(1).add(255)),
    ],
    [
      'expected floating logits [N, C, ...], C at least 2, and labels [N, ...] for mode multiclass',
      () => new losses.DiceLoss('multiclass').forward(x, torch.zeros([2, 4, 5])),
    ],
    ['and a target of the same shape for mode multilabel', () => new losses.LovaszLoss('multilabel').forward(x, y)],
    [
      'FocalLoss(): expected a list of weights or null for option `alpha`',
      () => new losses.FocalLoss('multiclass', { alpha: 0.5 }),
    ],
    [
      'option `alpha` has 2 weights, the input has 3 classes',
      () => new losses.FocalLoss('multiclass', { alpha: [1, 2] }).forward(x, y),
    ],
    ['expected mean, sum or none', () => losses.sigmoidFocalLoss(x, x, { reduction: 'avg' as never })],
    [
      'expected present, all, or a list of classes below 3',
      () => losses.lovaszSoftmax(x.softmax(1), y, { classes: [3] }),
    ],
    ['expected logits in mode binary', () => new losses.LovaszLoss('binary', { fromLogits: false })],
    [
      'WeightedSum(): expected 1 numbers for argument `weights`',
      () => new losses.WeightedSum([new losses.IoULoss()], [1, 2]),
    ],
    ['expected at least one loss', () => new losses.WeightedSum([])],
    ['softDiceScore(): expected an output and a target of one shape', () => losses.softDiceScore(x, y)],
  ];
  it.each(refused)('%s', (message, call) => expect(call).toThrow(message));
});

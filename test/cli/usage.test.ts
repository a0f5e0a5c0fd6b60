import { existsSync, mkdirSync, writeFileSync } from 'node:fs';

import { Workshop } from '../train/program';

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

/** One line on stderr, nothing on stdout, no run folder. */
async function expectError(args: readonly string[], code: number, message: string, env = {}): Promise<void> {
  const { stdout, stderr, ...ended } = await workshop.run(args, env);
  expect(stderr).toBe(`error: ${message}\n`);
  expect(stdout).toBe('');
  expect(ended.code).toBe(code);
  expect(existsSync(workshop.path('runs'))).toBe(false);
}

describe('errors of usage are one line with the nearest right spelling, and exit code 2', () => {
  it.each([
    [['--ephocs', '3'], 'unknown option --ephocs, did you mean --epochs?'],
    [['--depths', '2,2,2,2'], 'unknown option --depths; an option of the model is given as --model-option depths=…'],
    [
      ['--model', 'segformer-b0', '--model-option', 'depths=two'],
      '--model-option depths=two: expected numbers with commas between, such as 2,2,2,2',
    ],
    [['--out', ''], "option '--out <dir>' argument '' is invalid. Expected the path of a folder."],
    [
      ['--loss', 'cross-entropy+'],
      '--loss cross-entropy+: expected losses with + between, such as cross-entropy+0.5*dice; ' +
        'there are cross-entropy, dice, jaccard, iou, focal, lovasz',
    ],
    [['trian'], 'there is no command trian, did you mean train?'],
    [['train', 'now'], "too many arguments for 'train'. Expected 0 arguments but got 1."],
    [['--epochs'], "option '--epochs <n>' argument missing"],
    [
      ['--epochs', 'three'],
      "option '--epochs <n>' argument 'three' is invalid. Expected a whole number of at least 0.",
    ],
    [['--lr', '-1'], "option '--lr <x>' argument '-1' is invalid. Expected a number above 0."],
    [['--dropout', '1.5'], "option '--dropout <x>' argument '1.5' is invalid. Expected a number from 0 to 1."],
    [
      ['--recipe', 'qick'],
      "option '--recipe <name>' argument 'qick' is invalid. Expected article-vit, quick, article-segnet, article-dsc, fast-cpu or best-scratch, did you mean quick?",
    ],
    [
      ['--dtype', 'float8'],
      "option '--dtype <name>' argument 'float8' is invalid. Expected float32 or bfloat16, did you mean float32?",
    ],
    [
      ['--device', 'gpu'],
      "option '--device <name>' argument 'gpu' is invalid. Expected cpu, cuda or cuda:i, did you mean cpu?",
    ],
    [
      ['--name', '../x'],
      "option '--name <name>' argument '../x' is invalid. Expected letters, digits, dots, dashes and underscores.",
    ],
    [['--json', '--quiet'], "option '--json' cannot be used with option '--quiet'"],
    [['--model', 'segnett'], 'there is no model segnett, did you mean segnet?'],
    [['--model', 'segnet', '--patch-size', '8'], 'the model segnet has no option patchSize; it has width, kernelSize'],
    [['--model', 'unet', '--model-option', 'widht=8'], 'the model unet has no option widht, did you mean width?'],
    [
      ['--data', 'data-set', '--model', 'unet', '--model-option', 'width=0'],
      'UNet: expected a whole number of at least 1 for `width`, received 0',
    ],
    [
      ['--model-option', 'width'],
      "option '--model-option <name=value>' argument 'width' is invalid. Expected name=value.",
    ],
    [
      ['--class-weights', '1,x'],
      "option '--class-weights <list>' argument '1,x' is invalid. Expected numbers of at least 0, such as 1,0.5,2.",
    ],
    [
      ['--progressive', '0.5'],
      "option '--progressive <list>' argument '0.5' is invalid. " +
        'Expected shares of the epochs and sides of the images, such as 0.4:64,0.7:96.',
    ],
    [['--patch-size', '7'], '--patch-size 7 does not divide --image-size 64'],
    [['--num-heads', '3'], '--num-heads 3 does not divide --embed-size 128'],
    [['--data', 'data-sett'], '--data data-sett does not exist, did you mean data-set?'],
    [['--resume', 'runs/001-x'], '--resume runs/001-x does not exist'],
    [['--resume', 'data-set'], '--resume data-set is not a run folder: there is no config.json in it'],
    [['--resume', 'data-set', '--name', 'x'], '--name means nothing together with --resume'],
  ])('%j', (args, message) => expectError(args, 2, message));

  it('tells a file from a folder', async () => {
    writeFileSync(workshop.path('a-file'), '');
    await expectError(['--data', 'a-file'], 2, '--data a-file is not a folder');
    await expectError(['--out', 'a-file'], 2, '--out a-file is not a folder');
  });

  it('names the variable where the folder comes from the environment', () =>
    expectError([], 2, '$OXFORD_PETS_DIR nowhere does not exist', { OXFORD_PETS_DIR: 'nowhere' }));

  it('refuses a GPU that is not there', async () => {
    const { stderr, code } = await workshop.run(['--device', 'cuda:99', '--data', workshop.data]);
    expect(stderr).toMatch(/^error: --device cuda:99 (cannot be used: .+|does not exist: .+)\n$/);
    expect(code).toBe(2);
  });
});

describe('what cannot be trained on is one line, and exit code 3', () => {
  it('an empty folder', async () => {
    mkdirSync(workshop.path('empty'));
    const { stderr, code } = await workshop.run(['--data', 'empty']);
    expect(stderr).toMatch(/^error: .*empty.*is empty\n$/);
    expect(code).toBe(3);
  });
});

describe('help and version need no native library and end with 0', () => {
  it.each([[['--help']], [['train', '--help']], [['help', 'train']]])('%j lists the flags', async (args) => {
    const { stdout, stderr, code } = await workshop.run(args);
    expect(stdout).toContain('--batch-size <n>');
    expect(stdout).toContain('article-vit');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('--version', async () => {
    const { stdout, code } = await workshop.run(['--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(code).toBe(0);
  });
});

import { create, summary } from '../../lib/models';
import { Workshop } from '../train/program';

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

const run = (...args: string[]): ReturnType<Workshop['run']> => workshop.run(['summary', ...args]);

describe('node train.js summary', () => {
  it('prints what the library does', async () => {
    const args = 'unet --model-option width=4 --model-option stem-stride=2 --image-size 32 --batch-size 2 --depth 1';
    const { code, stdout, stderr } = await run(...args.split(' '));
    const model = create('unet', { width: 4, stemStride: 2 });
    expect(stdout).toBe(`${String(summary(model, [2, 3, 32, 32], { depth: 1 }))}\n`);
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('prints it as one JSON object too', async () => {
    const { stdout } = await run('segnet-dsc', '--model-option', 'width=2', '--json');
    const { parameters, macs, layers } = summary(create('segnet-dsc', { width: 2 }), [1, 3, 128, 128]);
    expect(JSON.parse(stdout)).toMatchObject({ parameters, macs, layers });
  });

  it('makes a model that has a size of images for that size', async () => {
    const small = ['embed-size=8', 'num-blocks=1', 'num-heads=1'].flatMap((text) => ['--model-option', text]);
    const { stdout } = await run('vit-segmentation', ...small, '--image-size', '32', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ inputShape: [1, 3, 32, 32], outputShape: [1, 3, 32, 32] });
    const { stdout: other } = await run('vit-segmentation', ...small, '--model-option', 'image-size=48', '--json');
    expect(JSON.parse(other)).toMatchObject({ inputShape: [1, 3, 48, 48] });
  });

  it.each([
    [[], /^error: missing required argument 'model'\n$/],
    [['segnt'], /^error: there is no model segnt, did you mean segnet\?\n$/],
    [['x'], /^error: there is no model x, expected one of vit-segmentation, .*unet.*\n$/],
    [['segnet', '--depth', '0'], /^error: option '--depth <n>' argument '0' is invalid.*\n$/],
    [['unet', '--model-option', 'width'], /^error: option '--model-option <name=value>'.*Expected name=value.\n$/],
    [['unet', '--model-option', 'heads=3'], /^error: the model unet has no option heads; it has inChannels, .*\n$/],
    [['unet', '--model-option', 'stemStride=3'], /^error: UNet: expected 1 or 2 for `stemStride`, received 3\n$/],
    [['unet', '--model-option', 'width=2', '--image-size', '8'], /^error: [^\n]*too small[^\n]*\n$/],
  ])('is an error of usage for %j', async (args, line) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(line);
    expect([stdout, code]).toEqual(['', 2]);
  });
});

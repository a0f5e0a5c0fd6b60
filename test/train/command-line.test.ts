import { commandLine, given } from '../../lib/train/command-line';

test('a command is shown as a shell takes it', () => {
  expect(commandLine(['--epochs', 3, ...given('--data', undefined), ...given('--out', 'my runs')])).toBe(
    "node train.js --epochs 3 --out 'my runs'",
  );
  expect(commandLine(['--data', "it's", '--name', 'a-b_c.d/e'])).toBe(
    "node train.js --data 'it'\\''s' --name a-b_c.d/e",
  );
});

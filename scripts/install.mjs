/**
 * npm's install script: builds the addon, and nothing where it is up to date. In a clone npm runs prepare.mjs next.
 * npm 11 shows the output of this only with `--foreground-scripts`; it is in build/install.log as well.
 */
import { buildAddon } from './build.mjs';
import { InstallError, runMain } from './lib/errors.mjs';

const OLDEST_NODE = 20;

await runMain(async () => {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE) {
    throw new InstallError('NODE', `Node ${process.versions.node} is too old: ${OLDEST_NODE} or newer is needed.`);
  }
  await buildAddon();
});

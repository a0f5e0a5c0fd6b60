import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LoadError } from '../../lib/engine';
import { checkVersions, loadAddon } from '../../lib/engine/load';

describe('loading the addon', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'libtorch-node-load-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const errorOf = (act: () => unknown): LoadError => {
    try {
      act();
    } catch (error) {
      if (error instanceof LoadError) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  };

  it('names the missing file and the commands that build it', () => {
    const error = errorOf(() => loadAddon(root));
    expect(error.code).toBe('ERR_LIBTORCH_NODE_LOAD');
    expect(error.message).toContain(join(root, 'build', 'Release', 'libtorch_node.node'));
    expect(error.message).toMatch(/npm install.*npm rebuild libtorch-node.*npm approve-scripts/s);
  });

  it('tells a damaged file from a missing one', () => {
    mkdirSync(join(root, 'build', 'Release'), { recursive: true });
    writeFileSync(join(root, 'build', 'Release', 'libtorch_node.node'), 'no library');
    const error = errorOf(() => loadAddon(root));
    expect(error.message).toMatch(/cannot be loaded: .*\nThe file is damaged/);
    expect(error.cause).toBeDefined();
  });

  it('refuses a libtorch of another release, and says which two differ', () => {
    const error = errorOf(() => checkVersions({ compiled: '2.13.0+cpu', loaded: '2.14.1+cu130' }));
    expect(error.message).toMatch(/compiled for libtorch 2\.13\.0\+cpu, but libtorch 2\.14\.1\+cu130 was loaded/);
    expect(() => checkVersions({ compiled: '2.13.0+cpu', loaded: '2.13.0+cu130' })).not.toThrow();
  });
});

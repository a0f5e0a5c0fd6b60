/**
 * `npm run docs`: the API reference of lib/, with the guides of docs/, as pages for a browser in docs/api.
 *
 * Fails where a {@link} leads nowhere, an export has no docstring, or a signature names a type that the package keeps for
 * itself.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { InstallError, runMain } from './lib/errors.mjs';
import { root } from './lib/project.mjs';
import { writeReference } from './lib/reference.mjs';

await runMain(async () => {
  if (!existsSync(path.join(root, 'lib', 'tensor', 'generated', 'functions.ts'))) {
    throw new InstallError('DOCS', 'The signatures of the ops are not generated yet.', 'npm run generate');
  }
  const docs = path.join(root, 'docs');
  const guides = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md');
  const out = path.join(docs, 'api');
  const { problems, names } = await writeReference({
    out,
    readme: path.join(docs, 'README.md'),
    documents: guides.map((name) => path.join(docs, name)),
  });
  if (problems > 0) {
    process.stderr.write(`libtorch-node: ${problems} problems in the docstrings or guides\n`);
    return 1;
  }
  process.stdout.write(`${names.length} names in ${path.relative(process.cwd(), path.join(out, 'index.html'))}\n`);
  return 0;
});

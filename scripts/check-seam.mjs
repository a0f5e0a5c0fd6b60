/**
 * Compares the interface NativeBinding of lib/engine/binding.ts with what the built addon exports, both ways: a function
 * that one side lacks would otherwise be found by the first call.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import { InstallError, runMain } from './lib/errors.mjs';
import { addonPath, root } from './lib/project.mjs';

const bindingFile = path.join(root, 'lib', 'engine', 'binding.ts');

/** Names of the members of the interface NativeBinding. */
function declaredNames() {
  const source = ts.createSourceFile(bindingFile, readFileSync(bindingFile, 'utf8'), ts.ScriptTarget.ES2022, true);
  const binding = source.statements.find(
    /** @returns {statement is ts.InterfaceDeclaration} */
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'NativeBinding',
  );
  if (binding === undefined) throw new InstallError('SEAM', `${bindingFile} has no interface NativeBinding.`);
  return new Set(binding.members.map((member) => member.name?.getText(source) ?? ''));
}

/** Names of the functions that the addon exports. */
function exportedNames() {
  /** @type {Record<string, unknown>} */
  const addon = createRequire(import.meta.url)(addonPath);
  return new Set(Object.keys(addon).filter((name) => typeof addon[name] === 'function'));
}

await runMain(async () => {
  const declared = declaredNames();
  const exported = exportedNames();
  const missing = [...declared].filter((name) => !exported.has(name));
  const unknown = [...exported].filter((name) => !declared.has(name));
  for (const name of missing) process.stderr.write(`lib/engine/binding.ts declares ${name}, the addon lacks it\n`);
  for (const name of unknown) process.stderr.write(`the addon exports ${name}, lib/engine/binding.ts lacks it\n`);
  if (missing.length + unknown.length > 0) return 1;
  process.stdout.write(`the seam fits: ${declared.size} functions\n`);
  return 0;
});

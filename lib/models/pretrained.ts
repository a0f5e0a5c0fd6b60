/** Copies a checkpoint into a model as far as the two fit, and says where they do not: what `from_pretrained` reports. */
import * as nn from '../nn';
import type { Tensor } from '../tensor';

/** A tensor that the checkpoint has in another shape. */
export interface MismatchedKey {
  readonly key: string;
  /** Its shape in the checkpoint. */
  readonly checkpoint: readonly number[];
  /** Its shape in the model. */
  readonly model: readonly number[];
}

/** What of a model was not in a checkpoint, and the other way round: Hugging Face's `output_loading_info`. */
export interface LoadingInfo {
  /** Of the model, not in the checkpoint: drawn anew. */
  readonly missingKeys: readonly string[];
  /** In the checkpoint, not of the model: left out. */
  readonly unexpectedKeys: readonly string[];
  /** In both, in different shapes: drawn anew. */
  readonly mismatchedKeys: readonly MismatchedKey[];
}

/** What the keys and shapes of a model and of a checkpoint have in common, and what not. */
export function compareState(model: nn.Module, state: ReadonlyMap<string, Tensor>): LoadingInfo {
  const own = model.stateDict();
  const mismatchedKeys: MismatchedKey[] = [];
  for (const [key, target] of own) {
    const source = state.get(key);
    if (source === undefined || String(source.shape) === String(target.shape)) continue;
    mismatchedKeys.push({ key, checkpoint: source.shape, model: target.shape });
  }
  return {
    missingKeys: [...own.keys()].filter((key) => !state.has(key)),
    unexpectedKeys: [...state.keys()].filter((key) => !own.has(key)),
    mismatchedKeys,
  };
}

/**
 * Refuses a checkpoint of another model, and one with tensors of other shapes unless those may be drawn anew.
 * @throws StateDictError which names the checkpoint and every such tensor
 */
export function checkFit(info: LoadingInfo, model: nn.Module, from: string, ignoreMismatchedSizes: boolean): void {
  const { missingKeys, unexpectedKeys, mismatchedKeys } = info;
  const fail = (sentence: string): never => {
    throw new nn.StateDictError(`${model.constructor.name}: ${from} ${sentence}`, missingKeys, unexpectedKeys);
  };
  if (missingKeys.length === model.stateDict().size) fail('has no tensor under any of the keys of the model');
  if (mismatchedKeys.length === 0 || ignoreMismatchedSizes) return;
  const lines = mismatchedKeys.map(
    ({ key, checkpoint, model: own }) => `\n  ${key}: [${checkpoint.join(', ')}], the model has [${own.join(', ')}]`,
  );
  fail(`has tensors of other shapes; with \`ignoreMismatchedSizes\` they are drawn anew:${lines.join('')}`);
}

/** Copies what fits. */
export function copyMatching(model: nn.Module, state: ReadonlyMap<string, Tensor>, info: LoadingInfo): void {
  const passedOver = new Set([...info.unexpectedKeys, ...info.mismatchedKeys.map(({ key }) => key)]);
  model.loadStateDict(new Map([...state].filter(([key]) => !passedOver.has(key))), { strict: false });
}

/**
 * Tells in a warning what has been drawn anew and what has been left out.
 * @param isKnownToBeLeft keys that no such model has a use for
 */
export function warnOf(
  info: LoadingInfo,
  model: nn.Module,
  from: string,
  isKnownToBeLeft: (key: string) => boolean,
): void {
  const { missingKeys, mismatchedKeys } = info;
  const unexpectedKeys = info.unexpectedKeys.filter((key) => !isKnownToBeLeft(key));
  const sentences = [
    ...sentence('lacks', missingKeys, 'they are drawn anew, train them before you use the model'),
    ...sentence(
      'has in another shape',
      mismatchedKeys.map(({ key }) => key),
      'they are drawn anew, train them before you use the model',
    ),
    ...sentence('also has', unexpectedKeys, 'they are left out'),
  ];
  if (sentences.length === 0) return;
  process.emitWarning(`${model.constructor.name}: ${from} ${sentences.join('. It ')}`, 'TorchWarning');
}

/** More keys than these would hide the rest of the warning. */
const SHOWN = 6;

function sentence(verb: string, keys: readonly string[], consequence: string): string[] {
  if (keys.length === 0) return [];
  const more = keys.length > SHOWN ? ` and ${keys.length - SHOWN} more` : '';
  return [`${verb} ${keys.slice(0, SHOWN).join(', ')}${more}: ${consequence}`];
}

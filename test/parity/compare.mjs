/** Compares what two runs of the article's program told. */

/** @typedef {Record<string, unknown> & { event: string }} Event */
/** @typedef {{ kind: 'batch' | 'state' | 'loss' | 'score', name: string, value: string }} Fact */

/** Scores that both programs report after an epoch and at the end. */
const SCORES = ['pixelAccuracy', 'iou', 'customIou'];

/**
 * Everything in a run's JSON lines that must be equal to the bit, in the order in which it came to be, so that the first
 * difference of two lists is the one to look at.
 * @param {Event[]} events
 * @returns {Fact[]}
 */
export function factsOf(events) {
  return events.flatMap((event) => {
    switch (event.event) {
      case 'start':
        return [
          { kind: 'state', name: 'number of parameters', value: String(event['parameters']) },
          { kind: 'state', name: 'initial state', value: String(event['initSha256']) },
        ];
      case 'batch':
        return [
          { kind: 'batch', name: `images of the first ${event['split']} batch`, value: String(event['imagesSha256']) },
          {
            kind: 'batch',
            name: `targets of the first ${event['split']} batch`,
            value: String(event['targetsSha256']),
          },
        ];
      case 'step':
        return [{ kind: 'loss', name: `loss of step ${event['step']}`, value: String(event['lossHex']) }];
      case 'epoch':
        return [
          ...(event['epoch'] === 0 ? [] : [number('loss', `mean loss of epoch ${event['epoch']}`, event['meanLoss'])]),
          number('state', `learning rate of epoch ${event['epoch']}`, event['lr']),
          ...SCORES.map((score) => number('score', `${score} after epoch ${event['epoch']}`, event[score])),
          { kind: 'state', name: `state after epoch ${event['epoch']}`, value: String(event['stateSha256']) },
        ];
      case 'test':
        return SCORES.map((score) => number('score', `final ${score}`, event[score]));
      default:
        return [];
    }
  });
}

/**
 * JSON writes a float64 with digits that read back as the same bits, so equal text here is equal bits.
 * @param {Fact['kind']} kind
 * @param {string} name
 * @param {unknown} value
 * @returns {Fact}
 */
function number(kind, name, value) {
  return { kind, name, value: typeof value === 'number' ? String(value) : JSON.stringify(value ?? null) };
}

/**
 * @param {Fact[]} ours
 * @param {Fact[]} theirs
 * @returns {{ equal: Record<Fact['kind'], boolean>, steps: number, first: string | null }} `first` names the first
 *   difference and both values; null where all is equal.
 */
export function compareFacts(ours, theirs) {
  const equal = { batch: true, state: true, loss: true, score: true };
  let first = null;
  for (let index = 0; index < Math.max(ours.length, theirs.length); index++) {
    const [a, b] = [ours[index], theirs[index]];
    if (a !== undefined && b !== undefined && a.name === b.name && a.value === b.value) continue;
    for (const fact of [a, b]) if (fact !== undefined) equal[fact.kind] = false;
    first ??= `${b?.name ?? a?.name}: ours ${describe(a, b)}, Python's ${describe(b, a)}`;
  }
  const steps = theirs.filter(({ name }) => name.startsWith('loss of step')).length;
  // Two runs that told nothing must not pass for equal.
  if (steps === 0) first ??= "Python's run has no step";
  return { equal, steps, first };
}

/**
 * @param {Fact | undefined} fact
 * @param {Fact | undefined} other
 */
function describe(fact, other) {
  if (fact === undefined) return 'is missing';
  return fact.name === other?.name || other === undefined ? fact.value : `${fact.name} ${fact.value}`;
}

/**
 * The first tensor whose bytes differ between two traces (JSON lines of step, tensor, sha256).
 * @param {Iterable<string>} ours
 * @param {Iterable<string>} theirs
 * @returns {{ step: number, tensor: string } | null}
 */
export function firstDifferentTensor(ours, theirs) {
  const left = ours[Symbol.iterator]();
  for (const line of theirs) {
    const expected = JSON.parse(line);
    const next = left.next();
    const actual = next.done ? null : JSON.parse(next.value);
    if (actual?.tensor !== expected.tensor || actual.step !== expected.step || actual.sha256 !== expected.sha256) {
      return { step: expected.step, tensor: expected.tensor };
    }
  }
  return null;
}

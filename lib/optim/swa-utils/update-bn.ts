import { noGrad, noGradAsync } from '../../autograd';
import { ArgumentError, describe, scope } from '../../engine';
import { type AnyModule, BatchNorm1d, BatchNorm2d, BatchNorm3d, type Module } from '../../nn';
import { type Device, Tensor } from '../../tensor';
import { checkModule } from './averaged-model';

/** A batch: its inputs, or a list that begins with them. */
export type Batch = Tensor | readonly [inputs: Tensor, ...rest: unknown[]];

/**
 * Computes the running statistics of all batch norms anew, in one pass over the data (`torch.optim.swa_utils.update_bn`):
 * those of an averaged model are of no model that there was.
 *
 * @param loader batches; an asynchronous one is awaited, and then a promise is returned
 * @param device where batches are brought to; null leaves them where they are
 */
export function updateBn(loader: Iterable<Batch>, model: AnyModule, device?: Device | null): void;
export function updateBn(loader: AsyncIterable<Batch>, model: AnyModule, device?: Device | null): Promise<void>;
export function updateBn(
  loader: Iterable<Batch> | AsyncIterable<Batch>,
  model: AnyModule,
  device: Device | null = null,
): Promise<void> | void {
  checkModule('updateBn', model);
  const isObject = typeof (loader as unknown) === 'object' && (loader as unknown) !== null;
  if (!isObject || !(Symbol.iterator in loader || Symbol.asyncIterator in loader)) {
    throw new ArgumentError(
      `updateBn(): expected batches to iterate over for \`loader\`, received ${describe(loader)}`,
    );
  }
  const norms = model
    .modules()
    .filter(
      (module) => module instanceof BatchNorm1d || module instanceof BatchNorm2d || module instanceof BatchNorm3d,
    );
  for (const norm of norms) norm.resetRunningStats();
  if (norms.length === 0) return Symbol.iterator in loader ? undefined : Promise.resolve();

  const [wasTraining, momenta] = [model.training, norms.map(({ momentum }) => momentum)];
  // Without a momentum, a batch norm averages all batches.
  const begin = (): void => {
    model.train();
    for (const norm of norms) Reflect.set(norm, 'momentum', null);
  };
  const end = (): void => {
    for (const [index, norm] of norms.entries()) Reflect.set(norm, 'momentum', momenta[index]);
    model.train(wasTraining);
  };
  const measure = (batch: Batch): void =>
    scope(() => {
      const input: unknown = batch instanceof Tensor ? batch : batch[0];
      if (!(input instanceof Tensor)) {
        throw new ArgumentError(
          `updateBn(): expected batches of tensors, or lists that begin with one, received ${describe(batch)}`,
        );
      }
      (model as Module<[input: Tensor], unknown>).forward(device === null ? input : input.to({ device }));
    });
  begin();
  if (Symbol.iterator in loader) {
    try {
      noGrad(() => {
        for (const batch of loader) measure(batch);
      });
    } finally {
      end();
    }
    return undefined;
  }
  return noGradAsync(async () => {
    for await (const batch of loader) measure(batch);
  }).finally(end);
}

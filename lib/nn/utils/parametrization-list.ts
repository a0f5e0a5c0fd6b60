import { noGrad } from '../../autograd';
import { describe, NotImplementedError, TorchError, valueError } from '../../engine';
import { Tensor } from '../../tensor';
import type { AnyModule } from '../module';
import { listRepr, ModuleSequence } from '../module-sequence';
import { Parameter } from '../parameter';

/** A module that computes a tensor of a parametrized module from one that is trained, or from several. */
export interface Parametrization extends AnyModule {
  /**
   * From a tensor of the parametrized module, the tensor or tensors that `forward` makes it of. Without it, or where it throws
   * a `NotImplementedError`, the tensor itself is taken at registration.
   */
  rightInverse?(tensor: Tensor): Tensor | readonly Tensor[];
}

/**
 * The parametrizations of one tensor, and the tensors that it is computed from (`ParametrizationList` of
 * `torch.nn.utils.parametrize`): `original`, or `original0`, `original1`, … where the first parametrization takes several.
 * `registerParametrization` makes it.
 */
export class ParametrizationList extends ModuleSequence<AnyModule, [], Tensor> {
  /** The tensor is computed from one only. */
  readonly isTensor: boolean;
  /** From how many. */
  readonly ntensors: number;
  /** Shape and dtype may become others. */
  unsafe: boolean;

  constructor(modules: Iterable<Parametrization>, original: Tensor, unsafe = false) {
    super();
    this.extend(modules);
    if (this.length === 0) throw valueError('ParametrizationList requires one or more modules.');
    this.unsafe = unsafe;
    const { shape, dtype } = original;
    const inverse = this.inverseOf(original, false);
    this.isTensor = inverse instanceof Tensor;
    this.ntensors = inverse instanceof Tensor ? 1 : inverse.length;
    if (inverse instanceof Tensor) {
      for (const property of ['dtype', 'device'] as const) {
        if (original[property] === inverse[property]) continue;
        throw valueError(
          `When \`rightInverse\` outputs one tensor, it may not change the ${property}.\n` +
            `original.${property}: ${original[property]}\nrightInverse(original).${property}: ${inverse[property]}`,
        );
      }
      // The same object, so that an optimizer made before goes on with it.
      noGrad(() => original.set_(inverse));
      this.adopt('original', original);
    } else {
      for (const [index, tensor] of inverse.entries()) {
        const { requiresGrad } = original;
        const part = original instanceof Parameter ? new Parameter(tensor, requiresGrad) : tensor;
        this.adopt(`original${index}`, part.requiresGrad_(requiresGrad));
      }
    }
    if (!unsafe) checkResult(this.forward(), { shape, dtype });
  }

  /** The tensors that the first parametrization takes. */
  originals(): (Parameter | Tensor)[] {
    const names = this.isTensor
      ? ['original']
      : Array.from({ length: this.ntensors }, (_, index) => `original${index}`);
    return names.map((name) => Reflect.get(this, name) as Tensor);
  }

  /** The tensor, through all parametrizations. */
  forward(): Tensor {
    let output: unknown;
    for (const [index, module] of [...this].entries()) {
      output = module.forward(...(index === 0 ? this.originals() : [output]));
    }
    return output as Tensor;
  }

  /** Takes over a value of the tensor, back through all parametrizations: `right_inverse`. */
  rightInverse(value: Tensor): void {
    const inverse = this.inverseOf(value, true);
    const parts: readonly Tensor[] = inverse instanceof Tensor ? [inverse] : inverse;
    if (this.isTensor !== inverse instanceof Tensor || parts.length !== this.ntensors) {
      throw valueError(
        `\`rightInverse\` must return ${this.isTensor ? 'a tensor' : `a sequence of tensors of length ${this.ntensors}`}. ` +
          `Got ${describe(inverse)}.`,
      );
    }
    const originals = this.originals();
    for (const [index, part] of parts.entries()) {
      const { dtype } = originals[index] as Tensor;
      if (part.dtype === dtype) continue;
      const name = this.isTensor ? 'original' : `original${index}`;
      throw valueError(
        `The tensor ${index} returned by \`rightInverse\` has dtype ${part.dtype} while \`${name}\` has dtype ${dtype}`,
      );
    }
    noGrad(() => {
      for (const [index, part] of parts.entries()) (originals[index] as Tensor).set_(part);
    });
  }

  override toString(): string {
    return listRepr(this.constructor.name, this.listed());
  }

  private adopt(name: string, tensor: Tensor): void {
    if (tensor instanceof Parameter) this.registerParameter(name, tensor);
    else this.registerBuffer(name, tensor);
  }

  private inverseOf(value: Tensor, strict: boolean): Tensor | readonly Tensor[] {
    let inverse: unknown = value;
    noGrad(() => {
      for (const module of [...this].reverse() as Parametrization[]) {
        if (strict && typeof module.rightInverse !== 'function') {
          throw new TorchError(`parametrization ${module.constructor.name} does not implement rightInverse.`);
        }
        inverse = strict ? module.rightInverse?.(inverse as Tensor) : inverted(module, inverse as Tensor);
      }
    });
    const isList = Array.isArray(inverse) && inverse.every((each) => each instanceof Tensor);
    if (inverse instanceof Tensor || isList) return inverse as Tensor | readonly Tensor[];
    throw valueError(`'rightInverse' must return a Tensor or a list of tensors. Got ${describe(inverse)}`);
  }
}

/** @internal The way back through one parametrization; the tensor itself where it has none, or says that it has none. */
export function inverted(parametrization: Parametrization, tensor: Tensor): unknown {
  if (typeof parametrization.rightInverse !== 'function') return tensor;
  try {
    return parametrization.rightInverse(tensor);
  } catch (error) {
    if (error instanceof NotImplementedError) return tensor;
    throw error;
  }
}

/** @internal Refuses the output of a parametrization that is no tensor, or not like the one that it stands for. */
export function checkResult(output: unknown, { shape, dtype }: Pick<Tensor, 'shape' | 'dtype'>): void {
  if (!(output instanceof Tensor)) throw valueError(`A parametrization must return a tensor. Got ${describe(output)}.`);
  const before = 'Registering a parametrization may not change the';
  if (output.dtype !== dtype) {
    throw valueError(
      `${before} dtype of the tensor, unless the \`unsafe\` flag is enabled.\nunparametrized dtype: ${dtype}\nparametrized dtype: ${output.dtype}`,
    );
  }
  if (output.shape.join() !== shape.join()) {
    throw valueError(
      `${before} shape of the tensor, unless the \`unsafe\` flag is enabled.\nunparametrized shape: [${shape.join(', ')}]\n` +
        `parametrized shape: [${output.shape.join(', ')}]`,
    );
  }
}

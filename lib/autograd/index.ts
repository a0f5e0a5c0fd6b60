export { backward, grad, type GradOptions } from './grad';
export { enableGrad, inferenceMode, isGradEnabled, isInferenceModeEnabled, noGrad, setGradEnabled } from './grad-mode';

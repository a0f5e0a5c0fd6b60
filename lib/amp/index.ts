/** Mixed precision (`torch.amp`). */
export { autocast, autocastAsync, type AutocastOptions } from './autocast';
export { customBwd, customFwd, type CustomFwdOptions } from './custom-function';
export { GradScaler, type GradScalerOptions, type GradScalerStateDict } from './grad-scaler';
export {
  autocastDecrementNesting,
  autocastIncrementNesting,
  clearAutocastCache,
  type DeviceType,
  getAutocastDtype,
  isAutocastCacheEnabled,
  isAutocastEnabled,
  setAutocastCacheEnabled,
  setAutocastDtype,
  setAutocastEnabled,
} from './switches';

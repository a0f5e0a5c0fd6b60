// Why names of Python's package have no place here, by pattern: what coverage.mjs cannot read from the library.

/** By reason, the names of Python's modules that it holds for. */
export const ABSENCES = [
  ['copy of a view, which only functionalization needs', /_copy$/],
  [
    'kernel of one library, which the op of the plain name calls by itself',
    /^(cudnn|miopen|mkldnn|fbgemm)_|^batch_norm_backward_/,
  ],
  ['for the compiler', /^sym_|^(compile|cond|while_loop|boolean_dispatch|dim_order)$/],
  ['TorchScript', /^(fork|wait|import_ir_module.*|parse_.*|merge_type_from_type_comment|unify_type_list)$/],
  ['removed in Python, too: it only raises', /^(eig|lstsq|matrix_rank|solve|symeig|reinforce)$/],
  ['old form of `isAutocastEnabled(deviceType)` and its kin', /autocast_(cpu|gpu|ipu|xla)_/],
  ['called `autograd.setDetectAnomaly` here', /^set_anomaly_enabled$/],
  ['functional transforms are not here yet', /^vmap$/],
  [
    'of Python, NumPy or other packages of Python',
    /^(from_numpy|from_dlpack|to_dlpack|numpy|as_subclass|module_load|get_file_path|classproperty|prepare_multiprocessing_environment|thread_safe_generator|typename|compiled_with_cxx11_abi|init_num_threads|profiler_.*)$/,
  ],
  [
    'storages are no objects here; `sharesStorage`, `frombuffer` and `dataPtr` do what they are asked for',
    /storage|^(is_shared|share_memory_|const_data_ptr)$/,
  ],
  [
    'deprecated; the name with an underscore behind it is here',
    /^(constant|dirac|eye|(kaiming|xavier)_(normal|uniform)|normal|orthogonal|sparse|uniform)$/,
  ],
  ['deprecated form of another module', /^(Container|NLLLoss2d)$/],
  ['of an op that is written in Python', /^LinearCrossEntropyOptions$/],
  ['old name of another function', /^(set_default_tensor_type|dsmm|hsmm|spmm|saddmm|new|volatile|name)$/],
  ['backend that is not served', /^(is_)?(ipu|xpu|mtia|maia|mps|vulkan|xla|vulkan_available)$/],
  ['quantized and nested tensors are made by ops that are not public', /^(qscheme|is_quantized|is_nested)$/],
  ['dtype of gradients cannot be set here', /^grad_dtype$/],
];

/** The reason for which `name` is not here; null where none is known. */
export function absence(name) {
  return ABSENCES.find(([, pattern]) => pattern.test(name))?.[0] ?? null;
}

/** Ops that are not compared, with the reason. */
export const leftOut: Record<string, string> = {};

function leave(reason: string, names: string): void {
  for (const name of names.split(/\s+/)) leftOut[name] = reason;
}

leave(
  'gives memory that nothing has written to',
  'empty empty_like empty_permuted empty_quantized empty_strided new_empty new_empty_strided resize resize_ resize_as resize_as_ resize_as_sparse resize_as_sparse_',
);
leave('changes what the tensor stands on, not its values', 'set set_ set_data pin_memory is_pinned');
leave('reads a file', 'from_file');
leave(
  'quantized tensors: the arguments are packed by other ops',
  'quantized_batch_norm quantized_gru quantized_gru_cell quantized_lstm quantized_lstm_cell quantized_max_pool1d quantized_max_pool2d quantized_max_pool3d quantized_rnn_relu_cell quantized_rnn_tanh_cell choose_qparams_optimized fused_moving_avg_obs_fake_quant dequantize int_repr q_per_channel_scales q_per_channel_zero_points q_per_channel_axis q_scale q_zero_point quantize_per_channel quantize_per_tensor quantize_per_tensor_dynamic fake_quantize_per_channel_affine fake_quantize_per_channel_affine_cachemask fake_quantize_per_tensor_affine fake_quantize_per_tensor_affine_cachemask',
);
leave(
  'sparse tensors only',
  'ccol_indices col_indices crow_indices row_indices indices values coalesce copy_sparse_to_sparse copy_sparse_to_sparse_ hspmm sparse_bsc_tensor sparse_bsr_tensor sparse_compressed_tensor sparse_csc_tensor sparse_csr_tensor sparse_mask sparse_resize sparse_resize_ sparse_resize_and_clear sparse_resize_and_clear_ sparse_sampled_addmm sspaddmm smm to_sparse_bsc to_sparse_bsr to_sparse_csc to_sparse_csr is_coalesced dense_dim sparse_dim',
);
leave(
  'has no kernel for the CPU',
  'batch_norm_elemt batch_norm_gather_stats batch_norm_gather_stats_with_counts batch_norm_stats conv_depthwise3d convolution_overrideable',
);
leave('nested tensors only', 'nested_to_padded_tensor to_padded_tensor');
leave('MKL-DNN tensors only', 'to_mkldnn');
leave('has no kernel of its own', 'native_norm');
leave('asks autograd, not the numbers; test/autograd has it', 'retain_grad retains_grad is_leaf output_nr detach_');

/** Sequences of unequal lengths: `torch.nn.utils.rnn`. */
export * as rnn from './rnn';

export { readTail, type Tail } from '../tensor/tail';

import { peakRssBytes } from '../../lib/engine';
import { safeOpen } from '../../lib/serialize';
import { ones, slice } from '../../lib/tensor';

// A child process: reads one of 64 rows of a file and prints how many rows' worth of memory that took.

ones([1]); // the library is loaded
const before = process.memoryUsage().rss;
using file = safeOpen(process.argv[2] ?? '');
const row = file.getSlice('a').at(slice(7, 8));
process.stdout.write(String((peakRssBytes() - before) / row.nbytes));

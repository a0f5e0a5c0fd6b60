import { DataLoader } from '../../lib/data';

// A child process: samples loaded ahead fail after the loop was left. An unhandled rejection would end it with exit code 1.

const dataset = {
  length: 50,
  load: async (index: number): Promise<number> => {
    if (index < 2) return index;
    await new Promise((resolve) => setTimeout(resolve, 5 + (index % 3)));
    throw new Error(`sample ${index} is broken`);
  },
  transform: (index: number): number => index,
};

async function main(): Promise<void> {
  for await (const batch of new DataLoader(dataset, { batchSize: 2, prefetch: 20 })) {
    process.stdout.write(JSON.stringify(batch.tolist()));
    break;
  }
}

void main();

/** Run in a process of its own by archives.test.ts: fetches from a mirror into a folder and prints how that failed. */
import { fetchPets } from '../../lib/vision/pet-archives';

const [mirror, directory] = process.argv.slice(2) as [string, string];
fetchPets(directory, { mirror, md5: 'skip', retries: 0 }).then(
  () => console.log('no error'),
  (error: unknown) => {
    const { code, message } = error as Error & { code?: string };
    console.log(`${code}: ${message}`);
  },
);

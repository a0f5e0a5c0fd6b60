/** The official archives of the Oxford-IIIT Pet set: download, check, unpack. */
import { checkFunction, checkObject, checkString } from '../engine';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { x as extract } from 'tar';
import { downloadFile, isDiskFull, type DownloadOptions } from './download';
import { DataError, reason } from './errors';

const kOfficialMirror = 'https://thor.robots.ox.ac.uk/datasets/pets/';

/** The archives as torchvision pins them. */
const kArchives = [
  { folder: 'images', md5: '5c4f3ee8e5d25df40f4fd59a7f44e54c' },
  { folder: 'annotations', md5: '95a8c909bbe2e81eed6a22bccdf3f68f' },
] as const satisfies readonly { folder: PetArchive; md5: string }[];

/** The archives of the set, by the folders that they hold. */
export type PetArchive = 'images' | 'annotations';

/** Options of {@link fetchPets}. */
export interface FetchPetsOptions extends Pick<DownloadOptions, 'retries' | 'retryDelay' | 'idleTimeout'> {
  /**
   * Address of the folder that holds `images.tar.gz` and `annotations.tar.gz`. The default is `$OXFORD_PETS_MIRROR`, or
   * the authors' own server.
   */
  readonly mirror?: string;
  /**
   * Expected MD5s where the mirror holds other archives than the official ones; `'skip'` accepts any content, and
   * must be asked for. The default is `$OXFORD_PETS_MD5` (`skip`, or the MD5s of images and annotations with a comma
   * between), or the official MD5s.
   */
  readonly md5?: Readonly<Record<PetArchive, string>> | 'skip';
  /** What is being done: bytes of a download, or the start of unpacking. */
  readonly onProgress?: (progress: FetchPetsProgress) => void;
}

/** What {@link fetchPets} is doing. */
export type FetchPetsProgress =
  | { readonly phase: 'download'; readonly archive: string; readonly received: number; readonly total: number | null }
  | { readonly phase: 'unpack'; readonly archive: string };

/**
 * Brings the data set to `directory`, as `images/` and `annotations/`. What is there is kept: a second call does
 * nothing, and one after a failure goes on where that stopped.
 *
 * The archives are removed once unpacked. Only photos, trimaps, lists and the README are unpacked.
 *
 * @throws DataError naming the address or file, where a download breaks, has another MD5, cannot be unpacked, or the
 *   disk is full. Neither folder is ever there in part.
 */
export async function fetchPets(directory: string, options: FetchPetsOptions = {}): Promise<void> {
  checkString('fetchPets', 'directory', directory);
  checkObject('fetchPets', 'options', options);
  const { mirror = process.env['OXFORD_PETS_MIRROR'] || kOfficialMirror, onProgress, ...connection } = options;
  checkString('fetchPets', 'mirror', mirror);
  if (onProgress !== undefined) checkFunction('fetchPets', 'onProgress', onProgress);
  const md5 = options.md5 ?? md5FromEnvironment();
  for (const { folder, md5: official } of kArchives) {
    if (existsSync(path.join(directory, folder))) continue;
    const archive = `${folder}.tar.gz`;
    const file = path.join(directory, archive);
    const expected = md5 === 'skip' ? null : (md5?.[folder] ?? official);
    await downloadFile(addressOf(mirror, archive), file, {
      ...connection,
      md5: expected,
      onProgress: (received, total) => onProgress?.({ phase: 'download', archive, received, total }),
    });
    onProgress?.({ phase: 'unpack', archive });
    await unpack(file, directory, folder);
    await rm(file, { force: true });
  }
}

function md5FromEnvironment(): FetchPetsOptions['md5'] {
  const value = process.env['OXFORD_PETS_MD5'] ?? '';
  if (value === '') return undefined;
  if (value === 'skip') return 'skip';
  const [images, annotations] = value.toLowerCase().split(',');
  const isMd5 = (text: string | undefined): text is string => /^[0-9a-f]{32}$/.test(text ?? '');
  if (isMd5(images) && isMd5(annotations)) return { images, annotations };
  throw new DataError(
    `OXFORD_PETS_MD5 is "${value}": expected skip, or the MD5s of images.tar.gz and annotations.tar.gz`,
  );
}

function addressOf(mirror: string, archive: string): string {
  try {
    return new URL(archive, mirror.endsWith('/') ? mirror : `${mirror}/`).href;
  } catch (cause) {
    throw new DataError(`the mirror "${mirror}" is not an address such as ${kOfficialMirror}`, { cause });
  }
}

/** Unpacks beside the goal and renames, so that a killed process leaves no half folder under the goal's name. */
async function unpack(file: string, directory: string, folder: PetArchive): Promise<void> {
  const aside = path.join(directory, `.unpacking-${folder}`);
  try {
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { recursive: true });
    await extract({
      file,
      cwd: aside,
      strict: true,
      filter: (name, entry) => isWanted(name, 'type' in entry ? entry.type : ''),
    });
    const unpacked = path.join(aside, folder);
    if (!existsSync(unpacked) || (await readdir(unpacked)).length === 0) {
      throw new DataError(`${file} holds no folder ${folder}`);
    }
    await rename(unpacked, path.join(directory, folder));
  } catch (error) {
    if (error instanceof DataError) {
      await rm(file, { force: true });
      throw error;
    }
    if (isDiskFull(error)) {
      throw new DataError(
        `no space left on the disk to unpack ${file}; what was unpacked is removed again, the archive is kept`,
        { cause: error },
      );
    }
    await rm(file, { force: true });
    throw new DataError(`cannot unpack ${file}: ${reason(error)}; it is removed again`, { cause: error });
  } finally {
    // After a failure some files may still be on their way to the disk, and fill the folder while it is emptied.
    await rm(aside, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
  }
}

/** Files of the set; not AppleDouble files, `.mat` files, head boxes, or anything but plain files and folders. */
function isWanted(name: string, type: string): boolean {
  if (type !== 'File' && type !== 'OldFile' && type !== 'Directory') return false;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.some((part) => part.startsWith('._')) || parts.includes('xmls')) return false;
  return !name.endsWith('.mat');
}

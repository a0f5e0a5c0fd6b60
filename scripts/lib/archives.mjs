/** PyTorch's official libtorch archives: their names, and the hashes that are known. */

/**
 * SHA-256 of the archives, by version and platform. Each was found in two independent public build recipes before it
 * came in here. A version without an entry is fetched only with LIBTORCH_NODE_SHA256.
 * @type {Record<string, Record<string, string>>}
 */
const PINNED = {
  '2.13.0': {
    'linux-x64': 'edbf4cbed78433d803e90a65f1752e57783d164bce66c95c0872b2ab8f5c159e',
    'darwin-arm64': '1e10c6c4dc2764150c9fb2ad28e1889191302734e7f939108e5d2f22f21a06f8',
  },
};

/** Bytes that the largest of them takes: 0.13 GB packed and 0.46 GB unpacked. */
export const ARCHIVE_DISK_BYTES = 0.7e9;

const platform = `${process.platform}-${process.arch}`;

/**
 * Path of the CPU archive below the host; undefined where PyTorch publishes none for this platform. (Its CUDA archives
 * lack NVIDIA's libraries, so CUDA builds come from pip only.)
 * @param {string} version
 * @returns {string | undefined}
 */
export function archivePath(version) {
  /** @type {Record<string, string>} */
  const names = {
    'linux-x64': `libtorch-shared-with-deps-${version}%2Bcpu.zip`,
    'darwin-arm64': `libtorch-macos-arm64-${version}.zip`,
    'win32-x64': `libtorch-win-shared-with-deps-${version}%2Bcpu.zip`,
  };
  const name = names[platform];
  return name === undefined ? undefined : `libtorch/cpu/${name}`;
}

/**
 * The pinned hash, or undefined.
 * @param {string} version
 */
export const pinnedHash = (version) => PINNED[version]?.[platform];

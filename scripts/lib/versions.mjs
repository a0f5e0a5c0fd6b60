/** Which libtorch versions this package is built and tested for. */
import { InstallError } from './errors.mjs';

/** What is fetched unless LIBTORCH_NODE_VERSION says otherwise. */
export const DEFAULT_VERSION = '2.13.0';
/** Accepted minors of major version 2. libtorch promises no ABI between minors, and each one is built for separately. */
const MINORS = { first: 11, last: 14 };
export const ACCEPTED = `2.${MINORS.first} to 2.${MINORS.last}`;

/**
 * `2.13.0+cpu` → numbers and the local suffix; undefined for anything that is not a version.
 * @param {string} text
 */
export function parseVersion(text) {
  const match = /^(\d+)\.(\d+)\.(\d+)((?:a|b|rc|\.dev)[0-9A-Za-z.]*)?(?:\+([0-9A-Za-z.]+))?$/.exec(text.trim());
  if (!match) return undefined;
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3]),
    /** `2.13.0`: what the addon is compiled against, without what the build calls itself. */
    release: `${match[1]}.${match[2]}.${match[3]}`,
    local: match[5] ?? '',
  };
}

/** @param {string} text */
export function isAcceptedVersion(text) {
  const version = parseVersion(text);
  return version !== undefined && version.major === 2 && version.minor >= MINORS.first && version.minor <= MINORS.last;
}

/**
 * Refuses a version outside the accepted range.
 * @param {string} version
 * @param {string} where The folder or setting that the version came from.
 * @param {boolean} bypass LIBTORCH_BYPASS_VERSION_CHECK is set.
 */
export function requireAcceptedVersion(version, where, bypass) {
  if (isAcceptedVersion(version) || bypass) return;
  throw new InstallError(
    'LIBTORCH_VERSION',
    `libtorch ${version} (${where}) is not accepted: expected ${ACCEPTED}.`,
    `point LIBTORCH at another libtorch, or set LIBTORCH_BYPASS_VERSION_CHECK=1 to try this one at your own risk.`,
  );
}

import { ArgumentError, checkInteger, checkObject, describe } from '../engine';

/** Pixels as they lie in memory: `[height, width, channels]`, one byte each. */
export interface DecodedImage {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Refuses what is no image, or has other bytes than its sizes say. */
export function checkImage(name: string, image: DecodedImage): void {
  const members = ['data', 'height', 'width', 'channels'];
  checkObject(name, 'image', image, 'an image { data, height, width, channels }', members);
  const { data, height, width, channels } = image;
  checkInteger(name, 'height', height, 0);
  checkInteger(name, 'width', width, 0);
  checkInteger(name, 'channels', channels, 0);
  if (data instanceof Uint8Array && data.length === height * width * channels) return;
  throw new ArgumentError(
    `${name}(): expected a Uint8Array of ${height} x ${width} x ${channels} bytes for \`data\` of an image, ` +
      `received ${describe(data)}`,
  );
}

/** Pixels, by what they have: {@link checkImage} says what is wrong with others. */
export function isDecodedImage(value: unknown): value is DecodedImage {
  if (typeof value !== 'object' || value === null || !('data' in value)) return false;
  return value.data instanceof Uint8Array && 'height' in value && 'width' in value && 'channels' in value;
}

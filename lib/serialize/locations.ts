import { ArgumentError, cuda, describe } from '../engine';
import type { Device } from '../tensor';
import { FormatFault, quote } from './format-fault';

/**
 * Where storages go: all to one device, or each by where it was when it was saved (`cpu`, `cuda:0`). A map or a function need not
 * answer for all of them; the others go back to where they were.
 */
export type MapLocation =
  | Device
  | Readonly<Record<string, Device>>
  | ReadonlyMap<string, Device>
  | ((location: string) => Device | null | undefined);

/** The device that something from `location` goes to. */
export function placement(mapLocation: MapLocation | null | undefined): (location: string) => Device {
  const asked = lookup(mapLocation);
  return (location) => {
    const device: unknown = asked(location) ?? location;
    if (typeof device !== 'string' || !/^(?:cpu|meta|cuda(?::\d{1,3})?)$/.test(device)) {
      throw new FormatFault(
        `it has a storage on the device ${typeof device === 'string' ? quote(device) : describe(device)}, which is not there; give mapLocation, such as 'cpu'`,
      );
    }
    if (device.startsWith('cuda')) checkCuda(device);
    return device as Device;
  };
}

function lookup(mapLocation: MapLocation | null | undefined): (location: string) => string | null | undefined {
  if (mapLocation === undefined || mapLocation === null) return () => undefined;
  if (typeof mapLocation === 'string') return () => mapLocation;
  if (typeof mapLocation === 'function') return mapLocation;
  if (mapLocation instanceof Map) return (location) => (mapLocation as ReadonlyMap<string, Device>).get(location);
  if (typeof (mapLocation as unknown) === 'object' && !Array.isArray(mapLocation)) {
    return (location) =>
      Object.hasOwn(mapLocation, location) ? (mapLocation as Readonly<Record<string, Device>>)[location] : undefined;
  }
  throw new ArgumentError(
    `load(): expected a device, a map or a function for option \`mapLocation\`, received ${describe(mapLocation)}`,
  );
}

function checkCuda(device: string): void {
  const index = Number(device.split(':')[1] ?? 0);
  if (index < cuda.deviceCount()) return;
  throw new FormatFault(
    `it has a storage on the device ${quote(device)}, and ${cuda.deviceCount()} CUDA devices are there; give mapLocation, such as 'cpu'`,
  );
}

/** Classes of the trimaps, in the order of their numbers. */
export const classNames = ['pet', 'background', 'border'] as const;

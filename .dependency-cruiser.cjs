'use strict';

// The floors of lib/, lowest first. A folder may import from the floors below it and from itself; folders of one row know
// nothing of each other.
const floors = [
  ['engine'],
  ['tensor', 'backends'],
  ['autograd'],
  ['nn'],
  ['optim'],
  ['amp'],
  ['data', 'metrics', 'serialize'],
  ['losses'],
  ['vision'],
  ['models'],
  ['train'],
  ['cli'],
];

const rules = floors.flatMap((row, level) =>
  row.map((folder) => {
    const allowed = [...floors.slice(0, level).flat(), folder];
    return {
      name: `${folder}-imports-down`,
      severity: 'error',
      comment: `lib/${folder} may import from: ${allowed.join(', ')}`,
      from: { path: `^lib/${folder}/` },
      to: { path: '^lib/', pathNot: `^lib/(${allowed.join('|')})/` },
    };
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...rules,
    {
      name: 'only-the-engine-loads-the-addon',
      severity: 'error',
      comment: 'The binding stays behind lib/engine; composites get it from there.',
      from: { path: '^lib/', pathNot: '^lib/(engine|tensor|backends|autograd|nn|optim)/' },
      to: { path: '^lib/engine/(binding|gate|load)' },
    },
    {
      name: 'no-cycles-between-files',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};

#!/usr/bin/env node
'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const program = join(__dirname, 'dist', 'cli', 'index.js');
if (existsSync(program)) {
  require(program)
    .main(process.argv.slice(2))
    .then((exitCode) => {
      process.exitCode = exitCode;
    });
} else {
  process.stderr.write('error: the program is not compiled yet; `npm run build` in this folder compiles it\n');
  process.exitCode = 4;
}

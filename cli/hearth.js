#!/usr/bin/env node
// The command line as `npx hearth` finds it: TypeScript is run as it is, by tsx.
require('tsx/cjs');
require('./hearth.ts').main();

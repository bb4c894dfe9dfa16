#!/usr/bin/env node
// The command line as `npx hearth` finds it.
const { load } = require('../run.js');

load(require.resolve('./hearth.ts')).then(({ main }) => main());

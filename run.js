/**
 * Runs TypeScript of this repository, from any folder: `node run.js main.ts`. esbuild bundles the file with all that it
 * imports from here, anew each time and in memory, so that no run sees yesterday's code; packages stay in node_modules.
 */
const { readFileSync, realpathSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const esbuild = require('esbuild');

/** A bundle is one file; each module of it looks beside its own file all the same for what it reads. */
const ownFolders = {
  name: 'own folders',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('__dirname')) return undefined;
      return { contents: `const __dirname = ${JSON.stringify(dirname(path))}; ${text}`, loader: 'ts' };
    }),
};

async function bundle(file, outfile) {
  const building = esbuild.build({
    entryPoints: [file],
    outfile,
    write: false,
    absWorkingDir: __dirname,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    // Compiled as a function first, and called later.
    banner: { js: 'exports.run = (module, exports) => {' },
    footer: { js: '};' },
    sourcemap: 'inline',
    sourcesContent: false,
    plugins: [ownFolders],
    logLevel: 'silent',
  });
  try {
    return (await building).outputFiles[0].text;
  } finally {
    // Its process would stay as long as this one.
    await esbuild.stop();
  }
}

/** The compiled code. A failure is told in lines of TypeScript; packages are not asked for their source maps, which takes time. */
function compile(code, name) {
  const module = new Module(name);
  module.filename = name;
  module.paths = Module._nodeModulePaths(dirname(name));
  process.setSourceMapsEnabled(true);
  module._compile(code, name);
  process.setSourceMapsEnabled(false);
  process.on('uncaughtExceptionMonitor', () => process.setSourceMapsEnabled(true));
  return module.exports.run;
}

/** Loads a TypeScript file. @returns what it exports */
async function load(path) {
  const file = realpathSync(path);
  const name = file.replace(/\.ts$/, '.bundle.js');
  const run = compile(await bundle(file, name), name);
  const module = { exports: {} };
  run(module, module.exports);
  return module.exports;
}

module.exports = { load };

if (require.main === module) {
  process.argv.splice(1, 1);
  load(process.argv[1]);
}

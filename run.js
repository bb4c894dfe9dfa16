/**
 * Runs TypeScript of this repository, from any folder: `node run.js main.ts`. esbuild bundles the file with all that it
 * imports from here, anew whenever something of it has changed (run-cache.js); most packages stay in node_modules.
 */
const { readFileSync, realpathSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const { Script } = require('node:vm');
const { dependencies, devDependencies } = require('./package.json');
const { keepBundle, keepCompiled, keptBundle, keptCompiled } = require('./run-cache.js');

/** Plain JavaScript of many files, which loads faster out of a bundle. */
const bundled = ['js-yaml', 'yaml', 'zod'];
/** The other packages stay in node_modules. */
const packages = Object.keys({ ...dependencies, ...devDependencies })
  .filter((name) => !bundled.includes(name))
  .flatMap((name) => [name, `${name}/*`]);

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
  const start = Date.now();
  const esbuild = require('esbuild');
  const building = esbuild.build({
    entryPoints: [file],
    outfile,
    write: false,
    metafile: true,
    absWorkingDir: __dirname,
    bundle: true,
    external: packages,
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
    const { outputFiles, metafile } = await building;
    keepBundle(file, outputFiles[0].text, Object.keys(metafile.inputs), start);
    return outputFiles[0].text;
  } finally {
    // Its process would stay as long as this one.
    await esbuild.stop();
  }
}

/**
 * The compiled code. A failure is told in lines of TypeScript: source maps take time, and are read when something has failed.
 */
function compile(text, file, name) {
  const code = text.slice(0, text.lastIndexOf('//# sourceMappingURL='));
  // The mark says that there is a map, so that Node.js shows no line of the bundle.
  const mark = '//# sourceMappingURL=bundle.js.map';
  const mapped = new Module(name);
  process.on('uncaughtExceptionMonitor', () => {
    process.setSourceMapsEnabled(true);
    mapped._compile(text, name);
  });
  // What V8 compiled earlier cannot import(): https://nodejs.org/api/vm.html#when-importmoduledynamically-is-undefined
  if (/\bimport\([^)]/.test(code)) {
    const module = new Module(name);
    module.filename = name;
    module.paths = Module._nodeModulePaths(dirname(name));
    module._compile(`${code}\n${mark}`, name);
    return module.exports.run;
  }
  const cachedData = keptCompiled(file, code);
  const script = new Script(`(function (exports, require) {${code}\n})\n${mark}`, { filename: name, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) {
    process.on('exit', () => keepCompiled(file, code, script.createCachedData()));
  }
  const exports = {};
  script.runInThisContext()(exports, Module.createRequire(name));
  return exports.run;
}

/** Loads a TypeScript file. @returns what it exports */
async function load(path) {
  const file = realpathSync(path);
  const name = file.replace(/\.ts$/, '.bundle.js');
  const run = compile(keptBundle(file) ?? (await bundle(file, name)), file, name);
  const module = { exports: {} };
  run(module, module.exports);
  return module.exports;
}

module.exports = { load };

if (require.main === module) {
  process.argv.splice(1, 1);
  load(process.argv[1]);
}

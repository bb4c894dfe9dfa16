/**
 * Bundles of run.js, and what V8 compiled of them, from one run to the next: in `node_modules/.cache/run`. A bundle is used only
 * where all that it was made of is the same, byte by byte.
 */
const { createHash } = require('node:crypto');
const { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const { dirname, join, relative } = require('node:path');

const folder = join(__dirname, 'node_modules/.cache/run');
/** What makes bundles, beside the sources. */
const makers = ['run.js', 'run-cache.js', 'tsconfig.json', 'package.json', 'node_modules/esbuild/package.json'];

const hash = (...contents) => contents.reduce((all, content) => all.update(content), createHash('sha256')).digest('hex');
const place = (file, ending) => join(folder, `${relative(__dirname, file).replaceAll(/[^\w.-]/g, '+')}${ending}`);
const here = (path) => join(__dirname, path);
/** Files of other folders have no cache. */
const isHere = (file) => !relative(__dirname, file).startsWith('..');

/** Folders in which a new file would take the place of one that an import finds. */
const foldersOf = (paths) => [...new Set(paths.flatMap((path) => [dirname(path), dirname(dirname(path))]))].sort();

function digest(sources) {
  const paths = [...makers, ...sources];
  return hash(
    process.version,
    // Bundles name their folder; several copies of this one may share its node_modules.
    __dirname,
    ...paths.flatMap((path) => [path, hash(readFileSync(here(path)))]),
    ...foldersOf(sources).flatMap((path) => [path, hash(readdirSync(here(path)).sort().join('/'))]),
  );
}

/** Where nothing can be read or written there is no cache. */
function attempt(what) {
  try {
    return what();
  } catch {
    return undefined;
  }
}

/** Whole or not at all, whoever else writes it. */
function put(path, content) {
  mkdirSync(folder, { recursive: true });
  const half = `${path}.${process.pid}`;
  writeFileSync(half, content);
  renameSync(half, path);
}

/** @returns the bundle of a file; undefined where there is none, or where anything is other than it was */
function keptBundle(file) {
  return attempt(() => {
    const { sources, made, of } = JSON.parse(readFileSync(place(file, '.json'), 'utf8'));
    const text = readFileSync(place(file, '.js'), 'utf8');
    return of === hash(text) && made === digest(sources) ? text : undefined;
  });
}

/**
 * @param sources paths below this folder
 * @param start when it began to be made, in ms; what has changed since then may have been read before or after
 */
function keepBundle(file, text, sources, start) {
  attempt(() => {
    if (!isHere(file)) return;
    const made = digest(sources);
    const paths = [...makers, ...sources];
    // The clock of files is behind by a tick of the kernel.
    if ([...paths, ...foldersOf(sources)].some((path) => statSync(here(path)).ctimeMs > start - 20)) return;
    put(place(file, '.js'), text);
    put(place(file, '.json'), JSON.stringify({ sources, made, of: hash(text) }));
  });
}

/** @returns what V8 compiled of this code; undefined where there is none */
function keptCompiled(file, code) {
  return attempt(() => {
    const kept = readFileSync(place(file, '.v8'));
    // V8 itself looks at the length of the code only.
    return kept.toString('latin1', 0, 64) === hash(code) ? kept.subarray(64) : undefined;
  });
}

function keepCompiled(file, code, compiled) {
  if (!isHere(file)) return;
  attempt(() => put(place(file, '.v8'), Buffer.concat([Buffer.from(hash(code), 'latin1'), compiled])));
}

module.exports = { keptBundle, keepBundle, keptCompiled, keepCompiled };

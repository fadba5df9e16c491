// npm packages (web-tools/node_modules) -> src/vigia/web/static/vendor, committed, with vendor.lock.
// Run by hand when a version changes: `npm ci --ignore-scripts && npm run vendor`.
// The committed files are what runs; nothing here is needed at run time.
import {createHash} from 'node:crypto';
import {cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join, posix, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {symbolsModule} from './symbols.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, 'node_modules');
const out = join(here, '..', 'src', 'vigia', 'web', 'static', 'vendor');

const read = (name) => readFileSync(join(modules, name), 'utf8');
const versionOf = (pkg) => JSON.parse(read(join(pkg, 'package.json'))).version;

function put(name, content) {
  const path = join(out, name);
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, content);
}

const withoutSourceMap = (text) => text.replace(/\n?\/[/*]# sourceMappingURL=\S+(\s*\*\/)?\s*$/u, '\n');

// ---- Lit: the published modules, with bare imports made relative (so: no import map) ----------

const LIT = {
  '@lit/reactive-element': 'lit/reactive-element.mjs',
  '@lit/reactive-element/css-tag.js': 'lit/css-tag.mjs',
  'lit-html': 'lit/lit-html.mjs',
  'lit-html/lit-html.js': 'lit/lit-html.mjs',
  'lit-html/is-server.js': 'lit/is-server.mjs',
  'lit-html/directive.js': 'lit/directive.mjs',
  'lit-html/directive-helpers.js': 'lit/directive-helpers.mjs',
  'lit-html/directives/repeat.js': 'lit/directives/repeat.mjs',
  'lit-html/directives/class-map.js': 'lit/directives/class-map.mjs',
  'lit-html/directives/live.js': 'lit/directives/live.mjs',
  'lit-element/lit-element.js': 'lit/lit-element.mjs',
};
const LIT_FILES = {
  'lit/reactive-element.mjs': '@lit/reactive-element/reactive-element.js',
  'lit/css-tag.mjs': '@lit/reactive-element/css-tag.js',
  'lit/lit-html.mjs': 'lit-html/lit-html.js',
  'lit/is-server.mjs': 'lit-html/is-server.js',
  'lit/directive.mjs': 'lit-html/directive.js',
  'lit/directive-helpers.mjs': 'lit-html/directive-helpers.js',
  'lit/directives/repeat.mjs': 'lit-html/directives/repeat.js',
  'lit/directives/class-map.mjs': 'lit-html/directives/class-map.js',
  'lit/directives/live.mjs': 'lit-html/directives/live.js',
  'lit/lit-element.mjs': 'lit-element/lit-element.js',
  'lit/lit.mjs': 'lit/index.js',
};

function litTarget(specifier, fromSource) {
  const bare = specifier.startsWith('.')
    ? posix.join(posix.dirname(fromSource), specifier)
    : specifier;
  const target = LIT[bare];
  if (!target) throw new Error(`lit: import of ${specifier} in ${fromSource} is not in the table LIT`);
  return target;
}

function vendorLit() {
  for (const [target, source] of Object.entries(LIT_FILES)) {
    const text = withoutSourceMap(read(source)).replace(
      /(\bfrom|\bimport)\s*"([^"]+)"/gu,
      (_, word, specifier) => {
        const to = posix.relative(posix.dirname(target), litTarget(specifier, source));
        return `${word}"${to.startsWith('.') ? to : `./${to}`}"`;
      },
    );
    put(target, text);
  }
  for (const name of ['index.js', 'directives/class-map.js', 'directives/live.js', 'directives/repeat.js'])
    declare(`lit/${name.replace('index', 'lit').replace(/js$/u, 'd.mts')}`, name === 'index.js' ? 'lit' : `lit/${name}`);
  put('licenses/lit.txt', read('lit/LICENSE'));
}

// The package's own declarations stand in for its minified file when the pages' types are checked.
function declare(target, pkg) {
  put(target, `export * from '${pkg}';\n`);
}

// ---- the others -------------------------------------------------------------------------------

function vendorMapLibre() {
  for (const name of ['maplibre-gl.mjs', 'maplibre-gl-worker.mjs', 'maplibre-gl-shared.mjs', 'maplibre-gl.css'])
    put(`maplibre/${name}`, withoutSourceMap(read(`maplibre-gl/dist/${name}`)));
  declare('maplibre/maplibre-gl.d.mts', 'maplibre-gl');
  put('licenses/maplibre-gl.txt', read('maplibre-gl/LICENSE.txt'));
  put('licenses/maplibre-gl-bundled.txt', bundledLicenses('maplibre-gl'));
}

// What the published file has inside it: every dependency, with its licence text.
function bundledLicenses(pkg) {
  const names = new Set();
  const visit = (name) => {
    if (names.has(name) || name.startsWith('@types/')) return;
    names.add(name);
    Object.keys(JSON.parse(read(join(name, 'package.json'))).dependencies ?? {}).forEach(visit);
  };
  visit(pkg);
  names.delete(pkg);
  return [...names].sort().map((name) => {
    const text = readdirSync(join(modules, name)).find((file) => /^licen[cs]e/iu.test(file));
    const license = JSON.parse(read(join(name, 'package.json'))).license;
    return `==== ${name} ${versionOf(name)} (${license})\n\n${text ? read(join(name, text)) : '(no licence file in the package)'}\n`;
  }).join('\n');
}

function vendorInter() {
  for (const name of ['inter-latin-wght-normal.woff2', 'inter-latin-ext-wght-normal.woff2']) {
    mkdirSync(join(out, 'fonts'), {recursive: true});
    cpSync(join(modules, '@fontsource-variable/inter/files', name), join(out, 'fonts', name));
  }
  put('licenses/inter.txt', read('@fontsource-variable/inter/LICENSE'));
}

function vendorSymbols() {
  put('symbols/symbols.mjs', symbolsModule(versionOf('milsymbol')));
  put('licenses/milsymbol.txt', read('milsymbol/LICENSE'));
}

// ---- the lock ---------------------------------------------------------------------------------

function* filesUnder(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

function writeLock() {
  const packages = Object.fromEntries(
    ['@fontsource-variable/inter', 'lit', 'lit-element', 'lit-html', '@lit/reactive-element', 'maplibre-gl', 'milsymbol']
      .map((name) => [name, {version: versionOf(name), license: JSON.parse(read(join(name, 'package.json'))).license}]),
  );
  const files = {};
  for (const path of filesUnder(out))
    files[relative(out, path).split('\\').join('/')] = createHash('sha256').update(readFileSync(path)).digest('hex');
  put('vendor.lock', `${JSON.stringify({packages, files}, null, 2)}\n`);
}

rmSync(out, {recursive: true, force: true});
vendorLit();
vendorMapLibre();
vendorInter();
vendorSymbols();
writeLock();

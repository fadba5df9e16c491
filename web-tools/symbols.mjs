// milsymbol (MIL-STD-2525D) -> one ES module of SVG strings whose colours are placeholders.
// Frame fill = currentColor, ink = var(--sym-ink): the page's theme colours them, and the map
// substitutes the same two words before it rasterises. Nothing in here has a colour of its own.
import {createRequire} from 'node:module';

const ms = createRequire(import.meta.url)('milsymbol');

// 2525D standard identity digit. Suspect and hostile share a frame; suspect's is dashed.
const IDENTITIES = {unknown: 1, assumed_friend: 2, friend: 3, neutral: 4, suspect: 5, hostile: 6};
// symbol set and entity: air 01; UAS fixed/rotary 110300, rotary wing 110200, fixed wing 110100.
const ENTITIES = {uas: ['01', '110300'], heli: ['01', '110200'], plane: ['01', '110100'], air: ['01', '000000']};

const FRAME = '#ABCDEF'; // sentinels, replaced below
const INK = '#010203';

function svgOf(identity, [set, entity]) {
  const sidc = `100${IDENTITIES[identity]}${set}0000${entity}0000`;
  const frame = {Civilian: FRAME, Friend: FRAME, Hostile: FRAME, Neutral: FRAME, Unknown: FRAME, Suspect: FRAME};
  const symbol = new ms.Symbol(sidc, {
    size: 30,
    colorMode: frame,
    iconColor: INK,
    frameColor: {Civilian: INK, Friend: INK, Hostile: INK, Neutral: INK, Unknown: INK, Suspect: INK},
    outlineWidth: 5,
    outlineColor: INK,
    strokeWidth: 4,
    infoFields: false,
  });
  if (!symbol.isValid()) throw new Error(`milsymbol: ${sidc} is not a valid symbol`);
  const svg = symbol.asSVG()
    .replaceAll(/rgb\(\s*171\s*,\s*205\s*,\s*239\s*\)/gu, 'currentColor')
    .replaceAll('rgb(239, 239, 239)', 'currentColor') // the gaps of a dashed frame
    .replaceAll(new RegExp(FRAME, 'giu'), 'currentColor')
    .replaceAll(new RegExp(INK, 'giu'), 'var(--sym-ink)')
    .replaceAll('"black"', '"var(--sym-ink)"');
  const stray = svg.match(/#[0-9a-f]{3,8}\b|rgba?\([^)]*\)|"(?:white|red|yellow|blue)"/giu);
  if (stray) throw new Error(`milsymbol ${sidc}: colours left in the drawing: ${stray.join(' ')}`);
  return svg;
}

export function symbolsModule(version) {
  const lines = [];
  for (const identity of Object.keys(IDENTITIES))
    for (const [entity, code] of Object.entries(ENTITIES))
      lines.push(`  '${identity}-${entity}': ${JSON.stringify(svgOf(identity, code))},`);
  return `// Made by web-tools/vendor.mjs with milsymbol ${version} (MIT, Måns Beckman). Do not edit.\n`
    + `export const SYMBOLS = {\n${lines.join('\n')}\n};\n`;
}

// Lines of JSON in, lines of JSON out: {op, data}. Everything is done by @tak-ps/node-cot.
//   read_xml: XML -> GeoJSON; read_proto: base64 of a TakMessage -> GeoJSON
//   from_geojson: GeoJSON -> {xml, proto: base64 of a TakMessage}
import { createInterface } from 'node:readline';
import CoT from '@tak-ps/node-cot';

function answer({ op, data }) {
  if (op === 'read_xml') return new CoT(data).to_geojson();
  if (op === 'read_proto') return CoT.from_proto(Buffer.from(data, 'base64')).to_geojson();
  if (op === 'from_geojson') {
    const cot = CoT.from_geojson(data);
    return { xml: cot.to_xml(), proto: Buffer.from(cot.to_proto()).toString('base64') };
  }
  throw new Error(`got ${op}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = { ok: answer(JSON.parse(line)) };
  } catch (error) {
    said = { error: String(error.message ?? error) };
  }
  process.stdout.write(JSON.stringify(said) + '\n');
}

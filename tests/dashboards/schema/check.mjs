// Checks dashboards against @grafana/schema: the dashboard as a whole, and each panel's options and field settings by its type.
// usage: node check.mjs FILE ...      from a folder where the packages of package.json are installed
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

const types = 'node_modules/@grafana/schema/dist/types/raw';
const ajv = new Ajv({ allErrors: true, strict: false });
const checks = new Map();

/** The check of one exported type, made once. Nothing for a type that the file does not export. */
function checkOf(file, type) {
  const key = `${file} ${type}`;
  if (!checks.has(key)) {
    let check;
    try {
      const path = join(types, file);
      check = ajv.compile(createGenerator({ path, type, skipTypeCheck: true, additionalProperties: false }).createSchema(type));
    } catch (error) {
      if (!/No root type|Nothing found/i.test(String(error))) throw error;
    }
    checks.set(key, check);
  }
  return checks.get(key);
}

let faults = 0;
let checked = 0;
function hold(check, value, place) {
  if (!check) return;
  checked += 1;
  if (check(value)) return;
  for (const { instancePath, message, params } of check.errors.slice(0, 5)) {
    faults += 1;
    console.log(`${place}${instancePath}: ${message} ${JSON.stringify(params)}`);
  }
}

for (const file of process.argv.slice(2)) {
  const board = JSON.parse(readFileSync(file, 'utf8'));
  // The schema knows Grafana's own annotations only; these two belong to its Prometheus source.
  for (const annotation of board.annotations.list) { delete annotation.expr; delete annotation.titleFormat; }
  hold(checkOf('dashboard/x/types.gen.d.ts', 'Dashboard'), board, board.uid);
  for (const panel of board.panels) {
    if (panel.type === 'row') continue;
    const settings = `composable/${panel.type}/panelcfg/x/types.gen.d.ts`;
    const place = `${board.uid} "${panel.title}"`;
    hold(checkOf(settings, 'Options'), panel.options, `${place} options`);
    if (panel.fieldConfig?.defaults?.custom) hold(checkOf(settings, 'FieldConfig'), panel.fieldConfig.defaults.custom, `${place} custom`);
  }
}
console.log(`${checked} parts checked, ${faults} faults`);
process.exit(faults > 0 || checked < 100 ? 1 : 0);

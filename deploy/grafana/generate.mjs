// Writes deploy/grafana/dashboards from boards.mjs, the catalogue of figures and the runbooks.
// usage: node deploy/grafana/generate.mjs HEDGEWATCH          write them; HEDGEWATCH is the program, asked for its catalogue
//        node deploy/grafana/generate.mjs HEDGEWATCH --check  exit 1 when what is committed is not what would be written
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boards } from './boards.mjs';
import { dashboard, figuresOf } from './panels.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, 'dashboards');
const [program, option] = process.argv.slice(2);
if (!program || (option && option !== '--check')) {
  console.error('usage: node deploy/grafana/generate.mjs HEDGEWATCH [--check]');
  process.exit(2);
}

/** One line of CSV as its fields; quotes are doubled inside quotes. */
function fields(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);
}

const [header, ...rows] = execFileSync(program, ['figures'], { encoding: 'utf8' }).trimEnd().split('\n').map(fields);
const column = (name) => header.indexOf(name);
const catalogue = new Map(rows.map((row) => [row[column('name')], row[column('help')]]));

const runbookFolder = join(here, '../runbooks');
const runbooks = readdirSync(runbookFolder)
  .filter((file) => file.endsWith('.md'))
  .sort()
  .map((file) => ({ alert: file.replace('.md', ''), text: readFileSync(join(runbookFolder, file), 'utf8').replace(/^# .*\n+/, '') }));

const all = boards(runbooks);
const alerts = runbooks.map(({ alert }) => alert);
const wanted = new Map(all.map((board) => [`${board.uid}.json`, JSON.stringify(dashboard(board, catalogue, alerts), null, 1) + '\n']));

if (option === '--check') {
  const stale = [...wanted].filter(([file, text]) => !existsSync(join(folder, file)) || readFileSync(join(folder, file), 'utf8') !== text);
  const strange = readdirSync(folder).filter((file) => !wanted.has(file));
  for (const [file] of stale) console.error(`${file} is not what boards.mjs, the catalogue and the runbooks say`);
  for (const file of strange) console.error(`${file} is no board`);
  if (stale.length + strange.length > 0) {
    console.error('write them anew: node deploy/grafana/generate.mjs build/dev/hedgewatch');
    process.exit(1);
  }
  console.log(`${wanted.size} dashboards are as generated`);
} else {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (!wanted.has(file)) rmSync(join(folder, file));
  for (const [file, text] of wanted) writeFileSync(join(folder, file), text);
  const shown = new Set(all.flatMap(({ panels }) => panels.flat().flatMap(({ json }) => (json.targets ?? []).flatMap(({ expr }) => figuresOf(expr)))));
  const left = [...catalogue.keys()].filter((name) => !shown.has(name));
  console.log(`${wanted.size} dashboards; ${catalogue.size - left.length} of ${catalogue.size} figures are on one; not: ${left.join(' ') || 'none'}`);
}

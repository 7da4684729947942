// Asks a Prometheus that scrapes the demo every query of every dashboard, and fails when one has no data.
// usage: node tests/dashboards/live.mjs PROMETHEUS_URL [SECONDS]   waits so long for data, 400 unless told
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [prometheus, patience = '400'] = process.argv.slice(2);
if (!prometheus) {
  console.error('usage: node tests/dashboards/live.mjs PROMETHEUS_URL [SECONDS]');
  process.exit(2);
}

// What may have no data in a demo of a few minutes: the engine itself must say so, with this reason, of the figure.
const halfAnHour = 'needs half an hour of samples';
const stillUnknown = [
  { figure: 'hedgewatch_hedge_cost_per_sigma_removed', reason: 'warming_up', why: halfAnHour },
  { figure: 'hedgewatch_depth_evaporation_ratio', reason: 'warming_up', why: halfAnHour },
  { figure: 'hedgewatch_adl_rank_ratio', reason: 'never_received', why: 'Deribit does not tell it' },
  { figure: 'hedgewatch_platform_locked', reason: 'never_received', why: 'the venue speaks of it only when it changes' },
];
// What has no data when all is well.
const emptyWhenWell = new Map([
  ['Alerts', 'no alert is raised'],
  ['Alert delivery', 'no alert has changed'],
  ['Unknown or stale, and why', 'everything of this board is known'],
]);

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../deploy/grafana/dashboards');
const boards = readdirSync(folder).sort().map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));

async function ask(path, parameters) {
  const answer = await (await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(parameters)}`)).json();
  if (answer.status !== 'success') throw new Error(`${answer.error}: ${JSON.stringify(parameters)}`);
  return answer.data;
}

/** The first value of a variable, as Grafana would choose it, or all. */
async function valueOf({ multi, allValue, query }) {
  if (multi) return allValue;
  const [, selector, label] = query.query.match(/^label_values\((.*), (\w+)\)$/);
  const series = await ask('series', { 'match[]': selector });
  return series.map((one) => one[label]).sort()[0] ?? 'none';
}

const queries = [];
for (const board of boards) {
  const values = {};
  for (const variable of board.templating.list.filter(({ type }) => type === 'query')) values[variable.name] = await valueOf(variable);
  for (const panel of board.panels)
    for (const { refId, expr } of panel.targets ?? []) {
      const query = expr.replaceAll('$__rate_interval', '5s').replace(/\$(\w+)/g, (whole, name) => values[name] ?? whole);
      queries.push({ name: `${board.title} / ${panel.title} / ${refId}`, title: panel.title, query });
    }
}

let empty = queries;
const deadline = Date.now() + Number(patience) * 1000;
while (true) {
  const left = [];
  for (const one of empty) if ((await ask('query', { query: one.query })).result.length === 0) left.push(one);
  empty = left;
  const unexplained = [];
  for (const one of empty) {
    one.why = emptyWhenWell.get(one.title) ?? (one.query.includes('hedgewatch_figure_state{') ? 'it is known' : undefined);
    if (one.why) continue;
    const excuse = stillUnknown.find(({ figure }) => one.query.includes(figure));
    const said = excuse && (await ask('query', { query: `hedgewatch_figure_state{figure="${excuse.figure}",reason="${excuse.reason}"}` })).result;
    if (said?.length) one.why = `${excuse.reason}: ${excuse.why}`;
    else unexplained.push(one);
  }
  if (unexplained.length === 0) break;
  if (Date.now() > deadline) {
    for (const { name, query } of unexplained) console.log(`NO DATA ${name}: ${query}`);
    console.log(`${unexplained.length} of ${queries.length} queries have no data after ${patience} s`);
    process.exit(1);
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
for (const { name, why } of empty) console.log(`empty   ${name}: ${why}`);
console.log(`${queries.length - empty.length} of ${queries.length} queries of the dashboards have data, ${empty.length} rightly have none`);

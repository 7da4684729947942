// Runs the shipped daemon against every fault of the table and prints what it did.
// usage: node fault_table.mjs --binary FILE [--clock-library FILE] [--short] [--only NAME]... [--jobs N] [--markdown FILE]
//        [--max-age SECONDS]   gives the daemon another freshness limit than the one it is held to: the run must then fail
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { familyOf } from './exposition.mjs';
import { faults, kShortSeconds } from './faults.mjs';
import { ofTheMarket } from './freshness.mjs';
import { World, eventually, makeCertificates, sleep } from './world.mjs';

const { values: options } = parseArgs({
  options: {
    binary: { type: 'string' }, 'clock-library': { type: 'string' }, short: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true }, jobs: { type: 'string', default: '4' }, markdown: { type: 'string' }, 'max-age': { type: 'string' },
  },
});
if (!options.binary || !existsSync(options.binary)) {
  console.error('usage: fault_table.mjs --binary FILE [--clock-library FILE] [--short] [--only NAME]... [--jobs N] [--markdown FILE] [--max-age SECONDS]');
  process.exit(2);
}

/** What tells that something is wrong, besides figures that leave. */
const kSigns = [
  ['hedgewatch_feed_reconnects_total', 'connected again'], ['hedgewatch_feed_gaps_total', 'gap'], ['hedgewatch_feed_decode_errors_total', 'frame refused'],
  ['hedgewatch_feed_late_frames_total', 'late frame'], ['hedgewatch_engine_drops_total', 'late price dropped'], ['hedgewatch_feed_rate_limits_total', 'rate limit'], ['hedgewatch_journal_write_failures_total', 'journal write failure'],
  ['hedgewatch_alert_delivery_failures_total', 'delivery failure'], ['hedgewatch_http_refused_connections_total', 'connections refused'], ['hedgewatch_http_bad_requests_total', 'bad request'], ['hedgewatch_http_tls_failures_total', 'TLS handshake failed'],
];
const sum = (series, family) => [...series].reduce((total, [key, value]) => (familyOf(key) === family ? total + value : total), 0);

/** Figures present in each of the scrapes. */
function steady(scrapes) {
  const [first, ...others] = scrapes;
  // A smile's own figures come and go with its sweeps.
  return new Set([...first.series].filter(([key, value]) => ofTheMarket(key, value) && !key.startsWith('hedgewatch_surface') && others.every(({ series }) => series.has(key))).map(([key]) => key));
}

function signOf(scrape, before) {
  if (!scrape.series) return 'no answer';
  const { series } = scrape;
  if (series.get('hedgewatch_ready') !== 1) return 'not ready';
  for (const [family, words] of kSigns) if (sum(series, family) > before.counts.get(family)) return words;
  const lost = [...before.figures].filter((key) => !series.has(key)).length;
  return lost > 0 ? 'figures left' : undefined;
}

async function run(fault) {
  const seconds = options.short ? Math.min(fault.seconds, kShortSeconds) : fault.seconds;
  const row = { fault, seconds, faults: [] };
  const world = new World({
    binary: options.binary, certificates, needs: fault.needs, clockLibrary: options['clock-library'],
    ...(options['max-age'] ? { maxAge: Number(options['max-age']) } : {}),
  });
  try {
    await world.start();
    await eventually(() => world.recent(2_500).length >= 8, 30);
    await sleep(1_500);
    const quiet = world.recent(2_000);
    const before = { figures: steady(quiet), counts: new Map(kSigns.map(([family]) => [family, sum(quiet.at(-1).series, family)])) };
    if (before.figures.size < 300) row.faults.push(`only ${before.figures.size} figures before the fault`);
    if (world.pager.pages.length) row.faults.push(`paged before the fault: ${world.pager.pages.map(({ name }) => name)}`);

    world.freshness.bound = fault.bound ?? world.freshness.bound;
    world.freshness.oldest = 0;
    const began = fault.needs?.startTime ? undefined : performance.now();
    await fault.begin(world, seconds);
    const from = began ?? performance.now();
    await sleep(seconds * 1000 - (performance.now() - from));
    const ended = performance.now();
    await fault.end(world);
    const whole = (scrape) => scrape.series && scrape.asked >= ended && scrape.series.get('hedgewatch_ready') === 1 &&
      [...before.figures].every((key) => fault.gone?.(key) || scrape.series.has(key));
    const recovered = await eventually(() => world.scrapes.some(whole), 60);
    if (recovered) row.recovery = (world.scrapes.find(whole).at - ended) / 1000;
    else {
      const last = world.recent(2_000).at(-1);
      const missing = last ? [...before.figures].filter((key) => !fault.gone?.(key) && !last.series.has(key)) : ['every answer'];
      row.faults.push(`not whole a minute after its end: ${missing.length} missing, such as ${missing.slice(0, 3)}`);
    }
    const expected = pagesOf(fault, seconds);
    await eventually(() => world.pager.since(from).length >= expected.length, 15);
    await sleep(2_500);  // what is told late, or twice

    const seen = world.scrapes.filter(({ asked }) => asked >= from);
    const noticed = seen.find((scrape) => signOf(scrape, before));
    if (noticed) Object.assign(row, { noticed: (noticed.at - from) / 1000, sign: signOf(noticed, before) });
    const during = seen.filter(({ series, asked }) => series && asked <= ended + (row.recovery ?? 0) * 1000);
    const lost = during.map(({ series }) => [...before.figures].filter((key) => !series.has(key)));
    const worst = lost.reduce((most, one) => (one.length > most.length ? one : most), []);
    row.unanswered = seen.filter(({ series }) => !series).length;
    row.total = before.figures.size;
    row.lost = row.unanswered > 0 && fault.leaves === 'all' ? row.total : worst.length;
    row.families = [...new Set(worst.map(familyOf))];
    row.pages = world.pager.since(from).map(({ name }) => name);
    row.oldest = world.freshness.oldest;
    const held = fault.after?.(world.recent(3_000).at(-1)?.series ?? new Map()) ?? true;
    if (held !== true) row.faults.push(held);
    row.checked = world.freshness.checked;
    judge(row, world);
  } catch (error) {
    row.faults.push(error.stack ?? String(error));
  } finally {
    if (row.faults.length) row.log = world.log().split('\n').slice(-12).join('\n');
    await world.stop();
  }
  return row;
}

const pagesOf = (fault, seconds) => Object.entries(fault.pages).filter(([, hold]) => seconds > hold).map(([name]) => name).sort();

/** Holds a row to what the table expects. */
function judge(row, world) {
  const { fault, seconds } = row;
  if (fault.leaves === 'all' && row.lost < 0.9 * row.total) row.faults.push(`only ${row.lost} of ${row.total} figures left`);
  if (fault.leaves === 'none' && row.lost > 0) row.faults.push(`${row.lost} figures left, such as ${row.families.slice(0, 3)}`);
  if (Array.isArray(fault.leaves))
    for (const family of fault.leaves) if (!row.families.includes(family)) row.faults.push(`${family} did not leave`);
  const expected = pagesOf(fault, seconds);
  if (JSON.stringify([...row.pages].sort()) !== JSON.stringify(expected)) row.faults.push(`paged [${row.pages}], expected [${expected}]`);
  if (row.checked < 50) row.faults.push(`only ${row.checked} numbers were held against the exchange's`);
  const kinds = new Map();
  for (const { words, age } of world.violations) {
    const kind = words.replace(/[0-9.]+ s/, '').trim();
    if (!kinds.has(kind) || kinds.get(kind).age < age) kinds.set(kind, { words, age });
  }
  row.violations = world.violations.length;
  for (const { words } of [...kinds.values()].slice(0, 5)) row.faults.push(`AN OLD NUMBER LOOKS FRESH: ${words}`);
}

function why(fault) {
  if (fault.needs?.root && process.getuid() !== 0) return 'needs root';
  if (fault.needs?.ownClock && !options['clock-library']) return 'needs the library that steps the clock';
  return undefined;
}

const rounded = (seconds) => (seconds === undefined ? '' : seconds < 0.095 ? '< 0.1' : seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0));
function line(row) {
  if (row.skipped) return `| ${row.fault.name} | ${row.fault.how} | | | | | not run here: ${row.skipped} | |`;
  const figures = row.lost === 0 ? 'none' : row.lost >= 0.9 * row.total ? 'all' : `${row.lost} of ${row.total}`;
  const pages = row.pages?.length ? row.pages.join(', ') : 'none';
  return `| ${row.fault.name} | ${row.fault.how} | ${row.seconds} | ${row.noticed === undefined ? 'nothing to notice' : `${rounded(row.noticed)} (${row.sign})`} | ${figures} | ${rounded(row.oldest)} | ${pages} | ${rounded(row.recovery)} |`;
}

const folder = mkdtempSync(join(tmpdir(), 'hedgewatch-certificates.'));
const certificates = makeCertificates(folder);
rmSync(folder, { recursive: true });

const chosen = faults.filter((fault) => (options.only ? options.only.includes(fault.name) : !options.short || fault.short));
const begun = performance.now();
const rows = new Array(chosen.length);
let next = 0;
await Promise.all(
  Array.from({ length: Number(options.jobs) }, async () => {
    while (next < chosen.length) {
      const index = next++;
      const fault = chosen[index];
      const skipped = why(fault);
      rows[index] = skipped ? { fault, skipped, faults: [] } : await run(fault);
      console.log(line(rows[index]));
      for (const words of rows[index].faults) console.log(`    FAILED ${words}`);
      if (rows[index].log) console.log(rows[index].log.replace(/^/gm, '      | '));
    }
  }),
);

// No row vanishes unseen: the documented table and this one name the same faults.
const documented = [...readFileSync(new URL('README.md', import.meta.url), 'utf8').matchAll(/^\| ([^|`]+?) \| [^|]+ \| \d* \|/gm)].map(([, name]) => name);
const undocumented = faults.filter(({ name }) => !documented.includes(name)).map(({ name }) => name);
const vanished = documented.filter((name) => !faults.some((fault) => fault.name === name));
for (const name of undocumented) console.log(`FAILED ${name} is not in the README's table`);
for (const name of vanished) console.log(`FAILED ${name} is in the README's table, and no longer among the faults`);

const failed = rows.filter((row) => row?.faults.length);
const ran = rows.filter((row) => row && !row.skipped);
const missing = chosen.length - rows.filter(Boolean).length;
const checked = ran.reduce((total, row) => total + (row.checked ?? 0), 0);
const broken = ran.reduce((total, row) => total + (row.violations ?? 0), 0);
console.log(`${chosen.length} faults: ${ran.length - failed.length} as expected, ${failed.length} not, ${rows.filter((row) => row?.skipped).length} not run here; ` +
  `${checked} numbers held against the exchange's own, ${broken} old or invented; ${((performance.now() - begun) / 1000).toFixed(0)} s`);
if (options.markdown) {
  const head = '| fault | how it is caused | lasts, s | noticed after, s (by) | figures that leave | oldest number shown, s | page | whole again after, s |\n|---|---|---|---|---|---|---|---|\n';
  writeFileSync(options.markdown, head + rows.map(line).join('\n') + '\n');
}
process.exit(failed.length || missing || undocumented.length || vanished.length || (ran.length && broken) || chosen.length === 0 ? 1 : 0);

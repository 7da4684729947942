// Many events for long, with faults at random: is memory flat, the queue bounded, every page told, nothing lost that must not be?
// usage: node soak.mjs --binary FILE [--events-per-second N] [--seed N] [MINUTES]     60 minutes at 50,000 unless told
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { familyOf, post } from './exposition.mjs';
import { frame } from './relay.mjs';
import { randomOf } from './random.mjs';
import { World, eventually, makeCertificates, sleep } from './world.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { binary: { type: 'string' }, 'events-per-second': { type: 'string', default: '50000' }, seed: { type: 'string', default: '1' } },
});
const minutes = Number(positionals[0] ?? 60);
const wanted = Number(options['events-per-second']);
if (!options.binary || !existsSync(options.binary) || !(minutes > 0) || !(wanted > 0)) {
  console.error('usage: soak.mjs --binary FILE [--events-per-second N] [--seed N] [MINUTES]');
  process.exit(2);
}
const random = randomOf(Number(options.seed));
const kStrikes = 20;
const kMostGrowth = 0.05;  // of the resident memory, from a third of the time to its end; in a minute's run buffers are still touched first
const kTouched = 8e6;
const kFewestEvents = 0.8;  // of the wanted rate, where the machine gives it

/** Faults that the daemon has to live with; [begin, end]. */
const kFaults = [
  ['reset', (world) => world.relay.reset(), () => {}],
  ['stall', (world) => (world.relay.wire.stalled = true), (world) => (world.relay.wire.stalled = false)],
  ['refused', (world) => world.relay.refuse(), (world) => world.relay.listen(world.relay.port)],
  ['half-open', (world) => world.relay.vanish(), (world) => world.relay.reappear()],
  ['late', (world) => (world.relay.wire.delay = () => 20 + Math.random() * 60), (world) => (world.relay.wire.delay = undefined)],
  ['gap', (world) => world.drill('gap*3/book.BTC-PERPETUAL'), () => {}],
  ['duplicate', (world) => world.drill('duplicate*200'), () => {}],
  ['malformed', (world) => world.drill('malformed*20'), () => {}],
  ['giant frame', (world) => world.relay.links.forEach((link) => link.inject(frame(Buffer.alloc(1 << 12, 0x20), 0x81, 64 << 20))), () => {}],
  ['Alertmanager down', (world) => world.pager.close(), (world) => world.pager.listen(world.pager.port)],
];

const sum = (series, family) => [...series].reduce((total, [key, value]) => (familyOf(key) === family ? total + value : total), 0);
const most = (series, family) => [...series].reduce((top, [key, value]) => (familyOf(key) === family ? Math.max(top, value) : top), 0);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const folder = mkdtempSync(join(tmpdir(), 'hedgewatch-certificates.'));
const certificates = makeCertificates(folder);
rmSync(folder, { recursive: true });
const world = new World({ binary: options.binary, certificates, strikes: kStrikes });
const faults = [];
const memory = [];
const rates = [];
let highest = 0;
let raised = 0;
const caused = new Map();
try {
  await world.start();
  world.freshness.bound = 10;  // bursts after a stall are judged over two to four seconds, as a slow reader's stream is
  const begun = performance.now();
  const end = begun + minutes * 60_000;
  let running = true;

  // The exchange's lists of marks go to the daemon as often as the rate wants: each holds hundreds of events.
  world.relay.wire.repeat = 1;
  const watching = (async () => {
    let before;
    while (running) {
      await sleep(1_000);
      const scrape = world.recent(3_000).at(-1);
      if (!scrape || scrape === before) continue;
      const { series } = scrape;
      memory.push({ at: scrape.at, bytes: series.get('process_resident_memory_bytes') });
      highest = Math.max(highest, most(series, 'hedgewatch_queue_high_water'));
      if (before && series.get('hedgewatch_ready') === 1 && before.series.get('hedgewatch_ready') === 1) {
        const rate = ((sum(series, 'hedgewatch_feed_events_total') - sum(before.series, 'hedgewatch_feed_events_total')) / (scrape.at - before.at)) * 1000;
        rates.push(rate);
        if (rate > 0) world.relay.wire.repeat = Math.min(400, Math.max(1, world.relay.wire.repeat * Math.min(2, Math.max(0.5, wanted / rate))));
      }
      before = scrape;
      world.scrapes.splice(0, world.scrapes.length - 100);
      world.truth.forget();
    }
  })();

  while (performance.now() < end) {
    await sleep(4_000 + random() * 8_000);
    // A forced event, told once; the one before is taken on.
    const active = () => world.pager.active().filter((labels) => labels.some(([name, value]) => name === 'severity' && value === 'page'));
    const takenOn = async () => active().length === 0 || (await post(world.controlSocket, '/-/acknowledge', 'alert=ForcedEvent'), active().length === 0);
    if (!(await eventually(takenOn, 60))) faults.push(`alerts stay: ${JSON.stringify(active())}`);
    await world.drill('adl');
    ++raised;
    if (!(await eventually(() => world.pager.pages.length >= raised, 60))) faults.push(`page ${raised} is missing`);
    const [name, begin, finish] = kFaults[Math.floor(random() * kFaults.length)];
    caused.set(name, (caused.get(name) ?? 0) + 1);
    await begin(world);
    await sleep(1_000 + random() * 5_000);
    await finish(world);
    if (!(await eventually(() => world.recent(1_000).at(-1)?.series.get('hedgewatch_ready') === 1, 60))) faults.push(`not ready a minute after ${name}`);
  }
  running = false;
  await watching;
  const { series } = world.recent(5_000).at(-1);

  const third = begun + (performance.now() - begun) / 3;
  const early = median(memory.filter(({ at }) => at > third && at < third + (performance.now() - third) / 4).map(({ bytes }) => bytes));
  const late = median(memory.filter(({ at }) => at > performance.now() - (performance.now() - third) / 4).map(({ bytes }) => bytes));
  const events = sum(series, 'hedgewatch_feed_events_total');
  const elapsed = (performance.now() - begun) / 1000;
  console.log(`${(elapsed / 60).toFixed(1)} min, seed ${options.seed}: ${(events / 1e6).toFixed(1)} million events; median ${Math.round(median(rates))} a second while live, ${wanted} wanted`);
  console.log(`faults: ${[...caused].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  console.log(`resident memory: ${(early / 1e6).toFixed(1)} MB after a third, ${(late / 1e6).toFixed(1)} MB at the end`);
  console.log(`queue: at most ${highest} events waited; conflated ${sum(series, 'hedgewatch_feed_conflated_total')}, overflows ${sum(series, 'hedgewatch_feed_overflows_total')}, ` +
    `account events lost ${sum(series, 'hedgewatch_feed_lost_events_total')}; journal lost ${series.get('hedgewatch_journal_lost_events_total')} events`);
  console.log(`pages: ${world.pager.pages.length} for ${raised} forced events; ${world.freshness.checked} numbers held against the exchange's own, ${world.violations.length} old or invented`);
  if (late > early + Math.max(early * kMostGrowth, kTouched)) faults.push('memory grows');
  if (sum(series, 'hedgewatch_feed_lost_events_total') > 0) faults.push('account events were lost');
  if (series.get('hedgewatch_journal_lost_events_total') > 0) faults.push('the journal lost events');
  if (highest > 65_536) faults.push('the queue grew beyond its capacity');
  if (world.pager.pages.length !== raised) faults.push(`paged: ${world.pager.pages.map(({ name }) => name)}`);
  for (const { words } of world.violations.slice(0, 5)) faults.push(`AN OLD NUMBER LOOKS FRESH: ${words}`);
  if (median(rates) < kFewestEvents * wanted) console.log('NOTE: this machine does not give the wanted rate');
} catch (error) {
  faults.push(error.stack ?? String(error));
} finally {
  world.daemon?.kill('SIGTERM');
  const { code, signal } = (await world.daemon?.ended) ?? { signal: 'no start' };
  const text = world.log();
  if (code !== 0) faults.push(`it ended with ${code ?? signal}`);
  if (/Sanitizer/.test(text)) faults.push('a sanitizer spoke');
  if (faults.length) console.log(text.split('\n').slice(-40).join('\n'));
  await world.stop();
}
for (const words of faults) console.log(`FAILED ${words}`);
console.log(faults.length ? 'the soak failed' : 'the soak holds');
process.exit(faults.length ? 1 : 0);

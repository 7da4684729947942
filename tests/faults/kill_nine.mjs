// Kills the daemon with signal 9 at random moments and starts it again on the same state: is anything lost, is anyone paged twice, and
// do its windows and its explained profit go on?
// usage: node kill_nine.mjs --binary FILE --journal-fills FILE [--seed N] [--jobs N] [KILLS]     1,000 kills unless told
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { get, labelOf, parse, post } from './exposition.mjs';
import { randomOf } from './random.mjs';
import { World, eventually, makeCertificates, sleep } from './world.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { binary: { type: 'string' }, 'journal-fills': { type: 'string' }, seed: { type: 'string', default: '1' }, jobs: { type: 'string', default: '1' } },
});
const kills = Number(positionals[0] ?? 1000);
if (!options.binary || !existsSync(options.binary) || !options['journal-fills'] || !(kills > 0)) {
  console.error('usage: kill_nine.mjs --binary FILE --journal-fills FILE [--seed N] [--jobs N] [KILLS]');
  process.exit(2);
}

/** A fill is acknowledged when the account's feed was live for so long after it, ms: longer than max_lag, and than a block of the journal is old. */
const kAcknowledged = 2_500;
const kDrillEvery = 10;  // kills between forced events
const kPatience = 60;

/** An alert that stands from beginning to end, and a webhook that is told each change of one. */
const standingAlert = ({ pager }) => `[webhook]
url = "http://127.0.0.1:${pager.port}/hook"
[[alert]]
name = "StandsThroughout"
figure = "hedgewatch_equity_usd"
labels = { account = "main", asset = "BTC" }
above = 0
severity = "page"
summary = "The account has equity"`;

/** A window longer than the run, whose bars are counted. */
const kHedge = `[hedge.effectiveness]
designated_at = "2020-01-01T00:00:00Z"
pnl_currency = "usd"
basis_leg = "deribit:BTC-PERPETUAL"
reference_price = "index"
basis_annualisation = "simple"
beta_source = "same_underlying"
smile_rule = "sticky_strike"
roll_rule = "keep_history"
offset_floor = 100.0
bar = "1s"
windows = ["10080s"]
minimum_pairs = 3
half_life = "30s"`;
/** What the last moments before a kill may have added to a window and to the fees, bars and dollars: they are not in the journal. */
const kLostBars = 3;
const kLostFees = 1;

/** What was counted since the beginning, and must not begin anew: bars with both sides, fees paid in dollars; undefined where not shown. */
function counted(series) {
  const found = { bars: undefined, fees: undefined };
  for (const [key, value] of series) {
    if (key.startsWith('hedgewatch_hedge_pairs{')) found.bars = Math.max(found.bars ?? 0, value);
    if (key.startsWith('hedgewatch_pnl_usd{') && labelOf(key, 'book') === 'account' && labelOf(key, 'component') === 'fees' && labelOf(key, 'since') === 'designation') found.fees = -value;
  }
  return found;
}

class Account {
  constructor(world) {
    this.world = world;
    this.fills = new Map();  // sequence and side -> venue's time, ms
    this.asked = 0;
  }
  async #call(method, query) {
    if (!this.token || performance.now() > this.renew) {
      const login = await this.world.ask('/api/v2/public/auth?grant_type=client_credentials&client_id=monitor&client_secret=a-secret-made-for-these-tests');
      this.token = login.access_token;
      this.renew = performance.now() + 300_000;
    }
    return this.world.ask(`/api/v2/private/${method}?${query}`, undefined, this.token);
  }
  /** Reads the fills since the last time. */
  async read() {
    for (const currency of ['BTC', 'ETH']) {
      const { trades, has_more: more } = await this.#call('get_user_trades_by_currency_and_time', `currency=${currency}&start_timestamp=${this.asked}&end_timestamp=4102444800000&count=1000`);
      if (more) throw new Error('more fills than one answer holds');
      for (const trade of trades) this.fills.set(`${trade.trade_seq} ${trade.direction} ${trade.timestamp}`, trade.timestamp);
    }
    this.asked = Math.max(0, ...[...this.fills.values()].slice(-200)) - 60_000;
  }
  async positions() {
    const held = new Map();
    for (const currency of ['BTC', 'ETH'])
      for (const { instrument_name: name, size } of await this.#call('get_positions', `currency=${currency}`)) if (size !== 0) held.set(name, size);
    return held;
  }
}

async function run(share, seed, certificates) {
  const random = randomOf(seed);
  const result = { faults: [], ready: [], limited: [], kills: 0, drills: 0, pages: 0, told: 0, continued: 0, comparedBars: 0, comparedFees: 0 };
  const most = { bars: 0, fees: 0 };
  const world = new World({ binary: options.binary, certificates, scraping: false, more: standingAlert, journal: 'snapshot_interval = "2s"', hedge: kHedge, resend: '30s' });
  const lives = [];  // {live: [[from, to]...] of the account's feed, written: events that it said are in the journal}
  let life = { live: [], written: 0 };
  /** Looks at the daemon until then. */
  const watch = async (milliseconds) => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      const asked = performance.now();
      const scrape = await get(world.port, '/metrics', { patience: 1_000 });
      const series = parse(scrape?.body ?? '');
      life.written = Math.max(life.written, series.get('hedgewatch_journal_events_total') ?? 0);
      const { bars, fees } = counted(series);
      most.bars = Math.max(most.bars, bars ?? 0);
      most.fees = Math.max(most.fees, fees ?? 0);
      const live = series.get('hedgewatch_feed_live{connection="deribit/main",venue="deribit"}') === 1 || series.get('hedgewatch_feed_live{venue="deribit",connection="deribit/main"}') === 1;
      if (!live) life.since = undefined;
      else if (life.since === undefined) life.live.push((life.since = [asked, asked]));
      else life.since[1] = asked;
      await sleep(Math.max(0, Math.min(100, end - performance.now())));
    }
  };
  try {
    await world.start();
    const account = new Account(world);
    let trading = true;
    let next = random() * 300;
    const trader = (async () => {
      while (trading) {
        await sleep(next);
        next = 100 + random() * 400;
        await world.ask('/control/trade', { instrument_name: 'BTC-PERPETUAL', direction: random() < 0.5 ? 'buy' : 'sell', amount: 10 * Math.ceil(random() * 50) });
      }
    })();
    let raised = false;
    for (let kill = 0; kill < share; ++kill) {
      if (kill % kDrillEvery === 0) {
        if (raised) {
          await eventually(async () => (await post(world.controlSocket, '/-/acknowledge', 'alert=ForcedEvent')) === 200, 10);
          if (!(await eventually(() => !world.pager.active().some((labels) => labels.some(([, value]) => value === 'ForcedEvent')), kPatience))) result.faults.push('an acknowledged alert stays');
        }
        await world.drill('adl');
        raised = true;
        ++result.drills;
        const forced = () => world.pager.pages.filter(({ name }) => name === 'ForcedEvent').length;
        const pagesBefore = forced();
        // Now and then it dies in the very moment; else the page is out before.
        if (random() < 0.8 && !(await eventually(() => forced() > pagesBefore, kPatience))) result.faults.push('no page for a forced event');
      }
      await watch(random() < 0.1 ? random() * 60 : random() * 7_000);
      world.daemon.kill('SIGKILL');
      await world.daemon.ended;
      ++result.kills;
      lives.push(life);
      life = { live: [], written: 0 };
      world.port = 0;
      const started = performance.now();
      const from = world.log().length;
      const listens = await world.startDaemon({ every: 5 });
      // What was fresh before the kill is not fresh now.
      const first = parse((await get(world.port, '/metrics'))?.body ?? '');
      const marketLive = [...first].some(([key, value]) => key.startsWith('hedgewatch_feed_live{') && labelOf(key, 'connection') === 'deribit' && value === 1);
      if (first.size && !marketLive && [...first.keys()].some((key) => key.startsWith('hedgewatch_mark_price{'))) result.faults.push(`kill ${kill}: a price is shown before the feed is live`);
      if (!listens || !(await world.becomesReady(kPatience, 5))) throw new Error(`kill ${kill}: does not come back\n${world.log().slice(-2_000)}`);
      const alive = performance.now();
      result.ready.push((alive - started) / 1000);
      if (world.log().slice(from).includes('rate limited')) result.limited.push(result.ready.pop());
      else if (alive - started > 3_000) console.log(`kill ${kill}: ready after ${((alive - started) / 1000).toFixed(1)} s\n${world.log().slice(from)}`);
      if (world.log().slice(from).includes('the engine goes on from')) ++result.continued;
      else result.faults.push(`kill ${kill}: the engine began anew\n${world.log().slice(from)}`);
      let now = {};
      await eventually(async () => {
        now = counted(parse((await get(world.port, '/metrics'))?.body ?? ''));
        return (most.bars <= kLostBars || now.bars !== undefined) && (most.fees <= kLostFees || now.fees !== undefined);
      }, kPatience);
      if (most.bars > kLostBars && ++result.comparedBars && !(now.bars >= most.bars - kLostBars)) result.faults.push(`kill ${kill}: a window of ${most.bars} bars has ${now.bars}`);
      if (most.fees > kLostFees && ++result.comparedFees && !(now.fees >= most.fees - kLostFees)) result.faults.push(`kill ${kill}: of ${most.fees} dollars of fees ${now.fees} are left`);
      // What it shows of the account is what the venue has.
      const same = await eventually(async () => {
        const venue = await account.positions();
        const scrape = await get(world.port, '/metrics');
        const shown = [...parse(scrape?.body ?? '')].filter(([key]) => key.startsWith('hedgewatch_position_size{book="account"'));
        return shown.length === venue.size && shown.every(([key, size]) => Math.abs(venue.get(labelOf(key, 'instrument')) - size) < 1e-9);
      }, kPatience);
      if (!same) result.faults.push(`kill ${kill}: the positions are not the venue's`);
      if (kill % 20 === 19) await account.read();
    }
    trading = false;
    await trader;
    await watch(4_000);
    await account.read();
    world.daemon.kill('SIGTERM');
    await world.daemon.ended;
    lives.push(life);

    const lines = execFileSync(options['journal-fills'], [join(world.folder, 'journal')], { maxBuffer: 1 << 28 }).toString().trim().split('\n').map((line) => line.split(' '));
    const journalled = new Set(lines.filter(([kind]) => kind === 'fill').map(([, ...rest]) => rest.join(' ')));
    for (const [kind, count] of lines) if (kind !== 'fill' && kind !== 'events') result[kind] = Number(count);
    const events = lines.filter(([kind]) => kind === 'events').map(([, count]) => Number(count));
    result.written = lives.reduce((all, { written }) => all + written, 0);
    result.unwritten = lives.filter(({ written }, index) => !(events[index] >= written)).length;
    if (result.unwritten) result.faults.push(`${result.unwritten} lives said that more was in the journal than there is`);
    result.fills = account.fills.size;
    result.acknowledged = 0;
    result.lost = 0;
    result.late = 0;
    for (const [key, timestamp] of account.fills) {
      const at = world.truth.localOf(timestamp);
      const acknowledged = lives.some(({ live }) => live.some(([from, to]) => at > from && at + kAcknowledged < to));
      if (acknowledged) ++result.acknowledged;
      if (journalled.has(key)) continue;
      if (acknowledged) ++result.lost;
      else ++result.late;
    }
    const known = new Set(['ForcedEvent', 'StandsThroughout']);
    const paged = (name) => world.pager.pages.filter((page) => page.name === name).length;
    const told = (name) => world.pager.told.filter((one) => one.name === name && one.status === 'firing').length;
    result.pages = paged('ForcedEvent');
    result.standing = paged('StandsThroughout');
    result.hooks = told('ForcedEvent');
    result.standingHooks = told('StandsThroughout');
    if (result.standing !== 1) result.faults.push(`${result.standing} pages for an alert that stands throughout`);
    if (result.standingHooks !== 1) result.faults.push(`the webhook was told ${result.standingHooks} times of an alert that stands throughout`);
    if (result.hooks > result.drills) result.faults.push(`the webhook was told of ${result.hooks} alerts for ${result.drills} forced events`);
    const others = world.pager.pages.filter(({ name }) => !known.has(name)).map(({ name }) => name);
    if (others.length) result.faults.push(`paged besides: ${others}`);
    if (result.lost) result.faults.push(`${result.lost} acknowledged fills are not in the journal`);
    if (result.pages > result.drills) result.faults.push(`${result.pages} pages for ${result.drills} forced events`);
    if (result.damaged) result.faults.push(`${result.damaged} places of the journal are damaged`);
    if (result.sessions !== share + 1) result.faults.push(`${result.sessions} sessions in the journal of ${share + 1}`);
    if (result.acknowledged < share / 5) result.faults.push(`only ${result.acknowledged} acknowledged fills`);
  } catch (error) {
    result.faults.push(error.stack ?? String(error));
  } finally {
    await world.stop();
  }
  return result;
}

const folder = mkdtempSync(join(tmpdir(), 'hedgewatch-certificates.'));
const certificates = makeCertificates(folder);
rmSync(folder, { recursive: true });
const jobs = Math.min(Number(options.jobs), kills);
const begun = performance.now();
const results = await Promise.all(Array.from({ length: jobs }, (_, job) => run(Math.floor(kills / jobs) + (job < kills % jobs ? 1 : 0), Number(options.seed) * 1_000 + job, certificates)));
const total = (key) => results.reduce((sum, result) => sum + (result[key] ?? 0), 0);
const ready = results.flatMap((result) => result.ready).sort((a, b) => a - b);
const at = (share) => ready[Math.min(ready.length - 1, Math.floor(share * ready.length))]?.toFixed(3);
console.log(`${total('kills')} kills in ${((performance.now() - begun) / 60_000).toFixed(1)} min, seed ${options.seed}, ${jobs} at a time`);
console.log(`account: ${total('fills')} fills at the venue; of ${total('acknowledged')} after which the feed lived ${kAcknowledged} ms more ${total('lost')} are not in the journal; ` +
  `${total('late')} others, told while it was down, starting or about to be killed, are not in it`);
console.log(`journal: ${total('sessions')} sessions, ${total('torn')} torn tails cut, ${total('damaged')} damaged places; of ${total('written')} events that it said are written it lacks those of ${total('unwritten')} lives`);
console.log(`pages: ${total('pages')} for ${total('drills')} forced events, ${total('standing')} for ${jobs} alerts that stand throughout; ` +
  `the webhook was told of ${total('hooks')} and ${total('standingHooks')}`);
console.log(`engine: went on after ${total('continued')} of ${total('kills')} kills; ${total('comparedBars')} times its window and ${total('comparedFees')} times its explained fees were compared with those before`);
console.log(`start to ready: median ${at(0.5)} s, p99 ${at(0.99)} s, longest ${at(1)} s`);
const limited = results.flatMap((result) => result.limited).sort((a, b) => a - b);
if (limited.length) console.log(`and ${limited.length} times the exchange limited the rate of so many starts: longest ${limited.at(-1).toFixed(3)} s`);
const faults = results.flatMap((result) => result.faults);
for (const words of faults) console.log(`FAILED ${words}`);
process.exit(faults.length ? 1 : 0);

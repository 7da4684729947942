// One world: a simulated exchange, a relay before it, the daemon as it is shipped, a pager behind it, and a scraper.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Freshness } from './freshness.mjs';
import { familyOf, get, labelOf, parse } from './exposition.mjs';
import { Pager } from './pager.mjs';
import { Relay } from './relay.mjs';
import { Truth } from './truth.mjs';

export const kMaxAge = 3;  // market_data_max_age, seconds
export const kMaxLag = 2;  // max_lag
export const kStart = '2026-03-02T12:00:00Z';
const kScrapeEvery = 150;  // ms
const kName = 'exchange.hedgewatch.test';

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** True as soon as the condition holds, false when it has not after so many seconds. */
export async function eventually(condition, seconds = 60, every = 50) {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    if (await condition()) return true;
    await sleep(every);
  }
  return false;
}

/** An authority, and certificates of it that are good, too old, of another host, and of nobody known. */
export function makeCertificates(folder) {
  const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const authority = (name) => openssl('req', '-x509', ...curve, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`, '-days', '2');
  authority('authority');
  authority('stranger');
  const leaf = (name, by, hosts, days) => {
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${hosts}\nbasicConstraints=critical,CA:FALSE\n`);
    openssl('req', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=relay');
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-days', days, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
    return { key: readFileSync(join(folder, `${name}.key`)), cert: readFileSync(join(folder, `${name}.pem`)) };
  };
  const here = `DNS:localhost,DNS:${kName},IP:127.0.0.1`;
  return {
    authority: readFileSync(join(folder, 'authority.pem'), 'utf8'),
    pairs: {
      good: leaf('good', 'authority', here, '1'),
      expired: leaf('expired', 'authority', here, '-1'),
      wrongHost: leaf('wrongHost', 'authority', 'DNS:another.test', '1'),
      unknown: leaf('unknown', 'stranger', here, '1'),
    },
  };
}

const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

function start(command, words, options) {
  const child = spawn(command, words, options);
  children.add(child);
  child.ended = new Promise((done) => child.on('exit', (code, signal) => (children.delete(child), done({ code, signal }))));
  return child;
}

export class World {
  scrapes = [];
  violations = [];
  #mounts = [];

  /** needs: {startTime, heldExpiry, ownHosts, ownClock, smallDisk}; more(world): further configuration, journal and hedge: of those tables; maxAge: the freshness limit that the daemon is given, seconds. */
  constructor({ binary, certificates, needs = {}, maxAge = kMaxAge, clockLibrary, more = () => '', journal = '', hedge = '', resend = '1s', strikes = 2, scraping = true }) {
    Object.assign(this, { binary, certificates, needs, maxAge, clockLibrary, more, journal, hedge, resend, strikes, scraping });
  }

  async start() {
    this.folder = mkdtempSync(join(tmpdir(), 'hedgewatch-faults.'));
    const file = (name) => join(this.folder, name);
    this.controlSocket = file('control.sock');
    writeFileSync(file('secret'), 'a-secret-made-for-these-tests', { mode: 0o600 });
    writeFileSync(file('clock'), Buffer.alloc(8));
    writeFileSync(file('hosts'), `127.0.0.1 localhost ${kName}\n`);
    writeFileSync(file('resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
    mkdirSync(file('journal'));
    if (this.needs.smallDisk) {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', file('journal')]);
      this.#mounts.push(file('journal'));
    }
    await this.startExchange();
    this.truth = new Truth();
    this.freshness = new Freshness(this.truth, kMaxAge + kMaxLag + 1);
    const { hostname, port } = new URL(this.exchange.https);
    this.relay = new Relay({ exchangePort: Number(port), exchangeAuthority: this.exchange.authority, certificates: this.certificates.pairs, truth: this.truth });
    this.host = hostname;
    await this.relay.listen();
    this.pager = new Pager();
    await this.pager.listen();
    this.expiring = await this.nearestOption();
    writeFileSync(file('authority.pem'), this.certificates.authority);
    writeFileSync(file('hedgewatch.toml'), this.configuration());
    await this.startDaemon();
    if (!(await this.becomesReady())) throw new Error(`the daemon does not become ready:\n${this.log()}`);
    if (this.scraping) this.#scrapeOn();
  }

  async startExchange() {
    const file = (name) => join(this.folder, name);
    const words = ['simulate', '--strikes', String(this.strikes), '--seed', '11', '--ca-out', file('exchange.pem'), '--client-id', 'monitor',
      '--client-secret-file', file('secret'), '--start-time', this.needs.startTime ?? kStart];
    this.simulator = start(this.binary, words, { stdio: ['ignore', 'pipe', 'ignore'] });
    const line = await new Promise((done, failed) => {
      let text = '';
      this.simulator.stdout.on('data', (part) => (text += part).includes('\n') && done(text));
      this.simulator.on('exit', () => failed(new Error('the simulated exchange ended')));
    });
    this.exchange = JSON.parse(line.split('\n')[0]);
    this.exchange.authority = readFileSync(file('exchange.pem'));
  }

  configuration() {
    const file = (name) => join(this.folder, name);
    return `[http]
listen = "127.0.0.1:0"
control_socket = "${this.controlSocket}"
[journal]
directory = "${file('journal')}"
segment_mebibytes = 1
${this.journal}
${this.more(this)}
[[venue]]
kind = "deribit"
network = "testnet"
currencies = ["BTC"]
endpoint = "wss://${this.needs.ownHosts ? kName : 'localhost'}:${this.relay.port}/ws/api/v2"
ca_file = "${file('authority.pem')}"
market_data_max_age = "${this.maxAge}s"
max_lag = "${kMaxLag}s"
books = ["deribit:BTC-PERPETUAL"]
watch = ["deribit:BTC-PERPETUAL"]
[[account]]
name = "main"
venue = "deribit"
client_id = "monitor"
secret_file = "${file('secret')}"
[[book]]
name = "account"
rules = [{ accounts = ["main"] }]
equity = [{ account = "main", share = 1 }]
[[book]]
name = "perpetual"
positions = [{ instrument = "deribit:BTC-PERPETUAL", size = -1000.0 }]
[[book]]
name = "expiring"
positions = [{ instrument = "deribit:${this.expiring}", size = -1.0 }]
[[hedge]]
name = "straddles"
book = "account"
underlying = "BTC"
legs = ["deribit:BTC-PERPETUAL"]
view = "net_transaction"
target_ratio = 1
soft_delta_limit_coins = 4
hard_delta_limit_coins = 8
${this.hedge}
[scenario]
[exposure]
[alertmanager]
urls = ["http://127.0.0.1:${this.pager.port}"]
resend_interval = "${this.resend}"
state_file = "${file('alerts')}"
`;
  }

  async startDaemon({ patience = 30, every = 50 } = {}) {
    const file = (name) => join(this.folder, name);
    const log = openSync(file('log'), 'a');
    const from = this.log().length;
    const env = { ...process.env };
    if (this.needs.ownClock) Object.assign(env, { LD_PRELOAD: this.clockLibrary, HEDGEWATCH_CLOCK_FILE: file('clock') });
    const run = ['run', '--config', file('hedgewatch.toml')];
    const own = `mount --bind ${file('hosts')} /etc/hosts && mount --bind ${file('resolv.conf')} /etc/resolv.conf && exec "$@"`;
    this.daemon = this.needs.ownHosts ? start('unshare', ['-m', 'sh', '-c', own, 'sh', this.binary, ...run], { stdio: ['ignore', log, log], env })
      : start(this.binary, run, { stdio: ['ignore', log, log], env });
    closeSync(log);
    const { daemon } = this;
    let ended = false;
    daemon.ended.then(() => (ended = true));
    const port = () => this.log().slice(from).match(/serves \/metrics: 127\.0\.0\.1 port (\d+)/)?.[1];
    await eventually(() => ended || port(), patience, every);
    this.port = Number(port() ?? 0);
    return this.port !== 0;
  }
  becomesReady(seconds = 60, every = 50) {
    return eventually(async () => this.port && (await get(this.port, '/-/ready'))?.status === 200, seconds, every);
  }
  log() {
    const path = join(this.folder, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Asks the exchange: a public call, or the control address when there is a body. */
  ask(path, body, token) {
    const { port } = new URL(this.exchange.https);
    return new Promise((done, failed) => {
      const request = https.request({ host: 'localhost', port, path, method: body === undefined ? 'GET' : body === null ? 'DELETE' : 'POST', ca: this.exchange.authority, headers: token ? { Authorization: `Bearer ${token}` } : {} }, (answer) => {
        let text = '';
        answer.on('data', (part) => (text += part));
        answer.on('end', () => (answer.statusCode === 200 ? done(JSON.parse(text).result) : failed(new Error(`${path}: ${text}`))));
      });
      request.on('error', failed);
      request.end(body ? JSON.stringify(body) : undefined);
    });
  }
  /** A call that expires first, or last where nothing is to expire. */
  async nearestOption() {
    const instruments = await this.ask('/api/v2/public/get_instruments?currency=BTC');
    const options = instruments.filter(({ kind }) => kind === 'option').sort((a, b) => a.expiration_timestamp - b.expiration_timestamp);
    const day = this.needs.heldExpiry === false ? options.at(-1) : options[0];
    const first = options.filter((one) => one.expiration_timestamp === day.expiration_timestamp && one.option_type === 'call');
    return first[Math.floor(first.length / 2)].instrument_name;
  }
  drill(faults) {
    return this.ask('/control/faults', { faults });
  }
  async venueTime() {
    return Number((await this.ask('/control/state')).venue_time_ns) / 1e6;
  }
  /** Moves the calendar clock that the daemon reads. */
  stepClock(seconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds) * 1_000_000_000n);
    writeFileSync(join(this.folder, 'clock'), bytes, { flag: 'r+' });
  }
  setHosts(text) {
    writeFileSync(join(this.folder, 'hosts'), text, { flag: 'r+' });
    execFileSync('truncate', ['-s', String(text.length), join(this.folder, 'hosts')]);
  }
  hostName() {
    return kName;
  }
  mount(...words) {
    execFileSync('mount', words);
    this.#mounts.push(words.at(-1));
  }
  unmount(path) {
    execFileSync('umount', ['-l', path]);
    this.#mounts.splice(this.#mounts.lastIndexOf(path), 1);
  }

  async #scrapeOn() {
    this.agent = new http.Agent({ keepAlive: true });
    while (!this.stopped) {
      const asked = performance.now();
      const answer = this.port ? await get(this.port, '/metrics', { agent: this.agent, patience: 1_500 }) : undefined;
      const scrape = { asked, at: performance.now(), series: answer?.status === 200 ? parse(answer.body) : undefined };
      this.scrapes.push(scrape);
      if (scrape.series) this.violations.push(...this.freshness.check(scrape));
      await sleep(Math.max(kScrapeEvery - (performance.now() - asked), 10));
    }
  }
  /** The last scrapes that were answered. */
  recent(milliseconds) {
    const since = performance.now() - milliseconds;
    return this.scrapes.filter(({ asked, series }) => series && asked >= since);
  }

  /** Asks the daemon to stop; {code, signal} is how it ended. */
  async stop() {
    this.stopped = true;
    this.daemon?.kill('SIGCONT');
    this.daemon?.kill('SIGTERM');
    const late = setTimeout(() => this.daemon?.kill('SIGKILL'), 10_000);
    const ended = await this.daemon?.ended;
    clearTimeout(late);
    this.agent?.destroy();
    this.relay?.close();
    this.pager?.close();
    this.simulator?.kill('SIGTERM');
    await this.simulator?.ended;
    for (const path of [...this.#mounts].reverse()) this.unmount(path);
    if (process.env.HEDGEWATCH_KEEP) appendFileSync('/dev/stderr', `kept: ${this.folder}\n`);
    else rmSync(this.folder, { recursive: true, force: true });
    return ended;
  }
}

export { familyOf, labelOf };

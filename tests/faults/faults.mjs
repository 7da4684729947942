// The table of faults, as data.
//   name, how     what it is and how it is caused
//   short         it is also in the short form
//   seconds       how long it lasts; in the short form at most kShortSeconds
//   needs         what the world must have; `root` rows are not run without it
//   begin, end    cause it and take it away
//   leaves        which of the figures made of the market have no series meanwhile: 'all', 'none', or families that must leave
//   pages         {name: seconds of its hold}: expected when the fault lasts that long
//   bound         seconds that a number may be old, where it is not max_age + max_lag + 1
//   after         what must hold at the end: true, or what is wrong
//   gone          figures that rightly do not come back
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { frame } from './relay.mjs';
import { sleep } from './world.mjs';

export const kShortSeconds = 8;
const kLong = 36;  // longer than the hold of FeedDown and of what is unknown
const kDown = { FeedDown: 30 };
/** A venue that goes silent is down after a while only, and FeedDown's hold begins then. */
const kSilent = 64;
const kSilentDown = { FeedDown: 58 };

const certificate = (name, kind, words) => ({
  name, how: `connections are cut, and the next ones are shown a certificate that ${words}`, seconds: kLong, leaves: 'all', pages: kDown,
  begin: (world) => ((world.relay.certificate = kind), world.relay.cut()),
  end: (world) => (world.relay.certificate = 'good'),
});
const spoiling = (name, how, spoil, more) => ({
  name, how, seconds: 12,
  begin: (world) => (world.relay.wire.spoil = spoil),
  end: (world) => (world.relay.wire.spoil = undefined),
  ...more,
});
const simulated = (name, how, fault, more) => ({
  name, how,
  begin: (world, seconds) => world.drill(fault(seconds)),
  end: (world) => world.ask('/control/faults', null),
  ...more,
});
const injected = (name, how, bytes, more) => ({
  name, how, seconds: 3, leaves: 'all', pages: {},
  begin: (world) => [...world.relay.links].filter(({ market }) => market).forEach((link) => link.inject(bytes())),
  end: () => {},
  ...more,
});
const signalled = (world, signal) => world.daemon.kill(signal);
const restart = async (world) => {
  if (!(await world.startDaemon())) throw new Error(`does not start again:\n${world.log()}`);
};

/** Waits until the exchange's clock stands at this time. */
async function until(world, time) {
  while ((await world.venueTime()) < Date.parse(time)) await sleep(50);
}

export const faults = [
  { name: 'connection refused', how: 'connections are cut, and nobody listens', short: true, seconds: kLong, leaves: 'all', pages: kDown,
    begin: (world) => world.relay.refuse(), end: (world) => world.relay.listen(world.relay.port) },
  { name: 'reset', how: 'every connection gets a TCP reset', short: true, seconds: 3, leaves: 'all', pages: {},
    begin: (world) => world.relay.reset(), end: () => {} },
  { name: 'half-open', how: 'the peer is gone without a word: nothing is read or sent, and who connects waits', short: true, seconds: kSilent, leaves: 'all', pages: kSilentDown,
    begin: (world) => world.relay.vanish(), end: (world) => world.relay.reappear() },
  { name: 'stall', how: 'what the exchange sends is held back, then comes in one burst', short: true, seconds: 16, leaves: 'all', pages: {},
    begin: (world) => (world.relay.wire.stalled = true), end: (world) => (world.relay.wire.stalled = false) },
  { name: 'latency and loss', how: 'each piece takes 40 to 120 ms more each way, one in twenty 400 ms as if sent again', seconds: 15, leaves: 'none', pages: {},
    begin: (world) => (world.relay.wire.delay = () => 40 + Math.random() * 80 + (Math.random() < 0.05 ? 400 : 0)), end: (world) => (world.relay.wire.delay = undefined) },
  { ...certificate('TLS: expired', 'expired', 'has expired'), short: true },
  certificate('TLS: wrong host', 'wrongHost', 'is for another host'),
  certificate('TLS: unknown authority', 'unknown', 'nobody known has signed'),
  // The exchange cuts who reads too slowly, so that the feed is live again for moments: that is no outage of half a minute.
  { name: 'slow reader', how: 'a tenth of what the exchange sends gets through a second', seconds: kLong, leaves: 'all', pages: {}, bound: 10,
    begin: async (world) => {
      const before = world.relay.bytes;
      await sleep(2_000);
      world.relay.wire.rate = (world.relay.bytes - before) / 2 / 10 / world.relay.links.size;
    },
    end: (world) => (world.relay.wire.rate = undefined) },
  { name: 'slow scraper', how: 'eight clients ask for /metrics and read a byte a second', seconds: 10, leaves: 'none', pages: {},
    begin: (world) => {
      world.slow = Array.from({ length: 8 }, () => {
        const socket = net.connect(world.port, '127.0.0.1', () => socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'));
        socket.pause();
        socket.on('error', () => {});
        return socket;
      });
    },
    end: (world) => world.slow.forEach((socket) => socket.destroy()) },
  injected('giant frame', 'a frame that claims 64 MiB, on the connection of market data', () => frame(Buffer.alloc(1 << 16, 0x20), 0x81, 64 << 20), { short: true }),
  injected('compressed frame', 'a frame marked as compressed, which nobody has agreed on', () => frame(Buffer.from('{"jsonrpc":"2.0"}'), 0xc1)),
  spoiling('truncated JSON', 'the second half of every frame with a price is missing', ({ text }) => [{ bytes: frame(Buffer.from(text.slice(0, text.length / 2))), unknown: true }],
    { short: true, leaves: 'all', pages: {} }),
  spoiling('malformed JSON', 'every frame with a price has a wrong sign in it', ({ text }) => [{ bytes: frame(Buffer.from(text.replace('"data":', '"data";'))), unknown: true }],
    { leaves: 'all', pages: {} }),
  simulated('gap', 'book changes are lost, and subscribing anew is refused for a while', () => 'refused_channel:5s/book.BTC-PERPETUAL,gap*3/book.BTC-PERPETUAL',
    { short: true, seconds: 6, leaves: ['hedgewatch_spread_ratio', 'hedgewatch_depth_usd'], pages: {} }),
  simulated('duplicate', 'frames come twice', () => 'duplicate*300', { seconds: 6, leaves: 'none', pages: {} }),
  simulated('reorder', 'book changes come after their successors', () => 'refused_channel:5s/book.BTC-PERPETUAL,reorder*3/book.BTC-PERPETUAL',
    { seconds: 6, leaves: ['hedgewatch_spread_ratio', 'hedgewatch_depth_usd'], pages: {} }),
  simulated('silent stream', 'no market data; heartbeats and the account go on', (seconds) => `silence:${seconds}s`, { short: true, seconds: kSilent, leaves: 'all', pages: kSilentDown }),
  spoiling('out-of-order timestamps', 'one ticker in three comes ten seconds late, after newer ones',
    (piece, { subject }) => [{ bytes: piece.bytes, unknown: subject !== 'BTC-PERPETUAL' ? false : (piece.late = Math.random() < 1 / 3), after: piece.late ? 10_000 : 0 }],
    { seconds: 20, leaves: 'none', pages: {} }),
  { name: 'clock step forward', how: 'the calendar clock that the daemon reads jumps an hour ahead', needs: { ownClock: true }, short: true, seconds: 10, leaves: 'none', pages: {},
    begin: (world) => world.stepClock(3_600), end: (world) => world.stepClock(0) },
  { name: 'clock step back', how: 'the same, an hour back', needs: { ownClock: true }, seconds: 10, leaves: 'none', pages: {},
    begin: (world) => world.stepClock(-3_600), end: (world) => world.stepClock(0) },
  { name: 'disk full', how: "the journal's file system has no room left", needs: { smallDisk: true, root: true }, short: true, seconds: 12, leaves: 'none', pages: {},
    begin: (world) => {
      const file = openSync(join(world.folder, 'journal', 'filler'), 'w');
      try {
        while (writeSync(file, Buffer.alloc(4_096)));
      } catch {
        closeSync(file);
      }
    },
    end: (world) => rmSync(join(world.folder, 'journal', 'filler')) },
  { name: 'journal directory read-only', how: 'the daemon is started again while nothing can be written there', needs: { root: true }, seconds: 6, leaves: 'all', pages: {},
    begin: async (world) => {
      world.mount('-t', 'tmpfs', '-o', 'size=1m,ro', 'tmpfs', join(world.folder, 'journal'));
      signalled(world, 'SIGTERM');
      await world.daemon.ended;
      world.port = 0;
      if (await world.startDaemon()) throw new Error('it starts though it cannot keep its journal');
    },
    end: async (world) => {
      world.unmount(join(world.folder, 'journal'));
      await restart(world);
    } },
  { name: 'memory limit', how: 'the daemon may have no more address space than it has', seconds: 12, leaves: 'none', pages: {},
    begin: (world) => {
      const kibibytes = Number(readFileSync(`/proc/${world.daemon.pid}/status`, 'utf8').match(/VmSize:\s+(\d+)/)[1]);
      execFileSync('prlimit', ['--pid', String(world.daemon.pid), `--as=${kibibytes * 1024}:`]);
    },
    end: (world) => execFileSync('prlimit', ['--pid', String(world.daemon.pid), '--as=unlimited:']) },
  { name: 'Alertmanager down', how: 'nobody listens there, and the venue auto-deleverages the account meanwhile', short: true, seconds: 8, leaves: 'none', pages: { ForcedEvent: 0 },
    begin: async (world) => {
      world.pager.close();
      await world.drill('adl');
    },
    end: (world) => world.pager.listen(world.pager.port) },
  { name: 'scrape flood', how: 'three hundred clients ask for /metrics without a pause', seconds: 10, leaves: 'none', pages: {},
    begin: (world) => {
      const flood = `const http = require('http'); for (let i = 0; i < 300; ++i) (function again() {
        const r = http.get({ host: '127.0.0.1', port: ${world.port}, path: '/metrics', agent: false, timeout: 3000 }, (a) => { a.resume(); a.on('close', () => setTimeout(again, 50)); });
        r.on('error', () => setTimeout(again, 50)); r.on('timeout', () => r.destroy()); })();`;
      world.flood = spawn(process.execPath, ['-e', flood], { stdio: 'ignore' });
    },
    end: async (world) => {
      world.flood.kill('SIGKILL');
    } },
  { name: 'kill -9', how: 'the process is killed, and started again after a second', short: true, seconds: 1, leaves: 'all', pages: {},
    begin: async (world) => {
      signalled(world, 'SIGKILL');
      await world.daemon.ended;
      world.port = 0;
    },
    end: restart },
  { name: 'SIGSTOP', how: 'the process is stopped, and goes on after eight seconds', short: true, seconds: 8, leaves: 'any', pages: {},
    begin: (world) => signalled(world, 'SIGSTOP'), end: (world) => signalled(world, 'SIGCONT') },
  { name: 'DNS failure', how: 'connections are cut, and the name of the exchange is not known', needs: { ownHosts: true, root: true }, seconds: kLong, leaves: 'all', pages: kDown,
    begin: (world) => {
      world.setHosts('127.0.0.1 localhost\n');
      world.relay.cut();
    },
    end: (world) => world.setHosts(`127.0.0.1 localhost ${world.hostName()}\n`) },
  simulated('exchange maintenance', 'the venue says so, stops its data and answers with its error', (seconds) => `maintenance:${seconds}s`, { short: true, seconds: kLong, leaves: 'all', pages: kDown }),
  { name: 'settlement', how: "the exchange's clock passes 08:00 UTC, with nothing held that expires", needs: { startTime: '2026-03-02T07:59:40Z', heldExpiry: false }, seconds: 8, leaves: 'none', pages: {},
    begin: (world) => until(world, '2026-03-02T08:00:00Z'), end: () => {} },
  { name: 'instrument expires while held', how: 'the same, with an option in a book that expires then', needs: { startTime: '2026-03-02T07:59:40Z' }, short: true, seconds: 8,
    leaves: ['hedgewatch_mark_price', 'hedgewatch_delta', 'hedgewatch_position_delta_coins'], pages: {},
    after: (series) => series.get('hedgewatch_book_delta_coins{book="expiring",underlying="BTC",view="black_scholes"}') === 0 || 'an expired option has a delta',
    gone: (key) => /book="expiring"|2MAR26|2026-03-02T08/.test(key),
    begin: (world) => until(world, '2026-03-02T08:00:00Z'), end: () => {} },
];

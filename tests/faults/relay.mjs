// A relay between the daemon and the simulated exchange. It ends TLS on both sides, so that it sees every websocket frame, knows when
// the exchange made each price and when it was passed on, and can do to the wire what a network or a broken exchange does.
import net from 'node:net';
import tls from 'node:tls';

const kText = 1;
const kHeaderEnd = Buffer.from('\r\n\r\n');

/** A frame as a server sends it: not masked. `head` is the first byte; `claimed` the length it says that it has. */
export function frame(payload, head = 0x80 | kText, claimed = payload.length) {
  let size;
  if (claimed < 126) size = Buffer.from([claimed]);
  else if (claimed < 65536) (size = Buffer.alloc(3))[0] = 126, size.writeUInt16BE(claimed, 1);
  else (size = Buffer.alloc(9))[0] = 127, size.writeBigUInt64BE(BigInt(claimed), 1);
  return Buffer.concat([Buffer.from([head]), size, payload]);
}

/** Cuts a stream of bytes into the HTTP answer and whole frames. */
export class FrameCutter {
  #rest = Buffer.alloc(0);
  #upgraded = false;

  /** Pieces {bytes} that are passed as they are, and {bytes, text} for text frames. */
  push(chunk) {
    this.#rest = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    const pieces = [];
    if (!this.#upgraded) {
      const end = this.#rest.indexOf(kHeaderEnd);
      if (end < 0) return pieces;
      pieces.push({ bytes: this.#rest.subarray(0, end + 4) });
      this.#rest = this.#rest.subarray(end + 4);
      this.#upgraded = true;
    }
    while (this.#rest.length >= 2) {
      let length = this.#rest[1] & 0x7f;
      let start = 2;
      if (length === 126) {
        if (this.#rest.length < 4) break;
        length = this.#rest.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (this.#rest.length < 10) break;
        length = Number(this.#rest.readBigUInt64BE(2));
        start = 10;
      }
      if (this.#rest.length < start + length) break;
      const piece = { bytes: this.#rest.subarray(0, start + length) };
      if ((this.#rest[0] & 0x0f) === kText) piece.text = this.#rest.subarray(start, start + length).toString();
      pieces.push(piece);
      this.#rest = this.#rest.subarray(start + length);
    }
    return pieces;
  }
}

/** One connection of the daemon's. */
class Link {
  #held = [];  // for the daemon, in order: {bytes, note, due}
  #timer;

  constructor(relay, raw) {
    this.relay = relay;
    this.raw = raw;
    this.market = false;
    raw.on('error', () => this.end());
    raw.on('close', () => this.end());
    this.near = new tls.TLSSocket(raw, { isServer: true, secureContext: relay.contexts[relay.certificate] });
    this.far = tls.connect({ host: 'localhost', port: relay.exchangePort, ca: relay.exchangeAuthority, servername: 'localhost' });
    this.cutter = new FrameCutter();
    for (const side of [this.near, this.far]) {
      side.on('error', () => this.end());
      side.on('close', () => this.end());
    }
    this.near.on('data', (bytes) => this.#later(() => this.far.write(bytes)));
    this.far.on('data', (chunk) => {
      relay.bytes += chunk.length;
      for (const piece of this.cutter.push(chunk)) this.#fromExchange(piece);
    });
  }

  freeze() {
    this.frozen = true;
    this.raw.pause();
    this.near.pause();
    this.far.pause();
  }
  inject(bytes) {
    this.near.write(bytes);
  }
  reset() {
    this.raw.resetAndDestroy();
    this.end();
  }
  end() {
    clearInterval(this.#timer);
    this.relay.links.delete(this);
    this.raw.destroy();
    this.far.destroy();
  }

  #later(act) {
    const { delay } = this.relay.wire;
    if (!delay) return act();
    this.ahead = Math.max(this.ahead ?? 0, performance.now() + delay());
    setTimeout(act, this.ahead - performance.now());
  }
  #fromExchange(piece) {
    const { relay } = this;
    let note;
    if (piece.text) {
      note = relay.truth.learn(piece.text);
      if (note) this.market = true;
    }
    let pieces = [piece];
    if (piece.text && note && !note.book && relay.wire.spoil) pieces = relay.wire.spoil(piece, note);
    if (note?.list && relay.wire.repeat > 1) pieces = Array(Math.round(relay.wire.repeat)).fill(piece);
    for (const { bytes, unknown, after = 0 } of pieces)
      this.#held.push({ bytes, note: unknown ? undefined : note, due: performance.now() + after + (relay.wire.delay?.() ?? 0), late: after > 0 });
    this.flush();
  }
  /** Passes on what may be passed on now. */
  flush() {
    const { wire, truth } = this.relay;
    if (this.frozen || wire.stalled) return;
    const now = performance.now();
    const kept = [];
    let blocked = false;
    for (const one of this.#held) {
      const waits = (one.late && now < one.due) || (!one.late && (blocked || now < one.due));
      const pays = wire.rate ? this.#allowance(now) >= one.bytes.length : true;
      if (waits || !pays) {
        if (!one.late) blocked = true;
        kept.push(one);
        continue;
      }
      if (wire.rate) this.allowance -= one.bytes.length;
      this.near.write(one.bytes);
      if (one.note) truth.passed(one.note);
    }
    this.#held = kept;
    if (wire.rate && kept.length > 4_000) this.far.pause();
    else if (!this.frozen && this.far.isPaused()) this.far.resume();
  }
  #allowance(now) {
    this.allowance = Math.min((this.allowance ?? 0) + ((now - (this.paid ?? now)) / 1000) * this.relay.wire.rate, 65_536);
    this.paid = now;
    return this.allowance;
  }
}

export class Relay {
  links = new Set();
  waiting = new Set();
  certificate = 'good';
  wire = {};
  bytes = 0;

  constructor({ exchangePort, exchangeAuthority, certificates, truth }) {
    Object.assign(this, { exchangePort, exchangeAuthority, truth });
    this.contexts = Object.fromEntries(Object.entries(certificates).map(([name, pair]) => [name, tls.createSecureContext(pair)]));
    this.server = net.createServer((raw) => this.#accept(raw));
    this.flusher = setInterval(() => this.links.forEach((link) => link.flush()), 20);
  }
  listen(port = 0) {
    return new Promise((done, failed) => {
      this.server.once('error', failed);
      this.server.listen(port, '127.0.0.1', () => {
        this.server.removeListener('error', failed);
        done((this.port = this.server.address().port));
      });
    });
  }
  /** Nobody listens: whoever connects is refused. */
  refuse() {
    this.server.close();
    this.cut();
  }
  cut() {
    for (const link of [...this.links]) link.end();
  }
  reset() {
    for (const link of [...this.links]) link.reset();
  }
  /** The peer is gone without a word: nothing is read, nothing is sent, and who connects waits. */
  vanish() {
    this.vanished = true;
    for (const link of this.links) link.freeze();
  }
  reappear() {
    this.vanished = false;
    this.reset();
    for (const raw of this.waiting) raw.destroy();
    this.waiting.clear();
  }
  close() {
    clearInterval(this.flusher);
    this.cut();
    for (const raw of this.waiting) raw.destroy();
    this.server.close();
  }
  #accept(raw) {
    raw.setNoDelay(true);
    if (!this.vanished) return void this.links.add(new Link(this, raw));
    raw.pause();
    raw.on('error', () => {});
    this.waiting.add(raw);
  }
}

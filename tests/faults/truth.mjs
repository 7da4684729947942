// What the exchange has said, and when: against this every scrape is held.

/** Numbers are compared as far as both sides write them out. */
const keyOf = (value) => Number(value).toPrecision(10);

export class Truth {
  #made = new Map();  // subject -> value -> when the exchange last made it, on this process's clock (ms)
  #offset = Infinity;  // this process's clock less the exchange's: the least that a frame took
  lastPassed = -Infinity;  // when the newest price of the perpetual was made that went on to the daemon whole
  lastBook = -Infinity;  // and the newest change of an order book

  /** Reads a frame of the exchange; returns {made, subject} when it tells a price. */
  learn(text) {
    if (!text.includes('"subscription"')) return undefined;
    let note;
    const tell = (subject, value, timestamp) => {
      this.#offset = Math.min(this.#offset, timestamp === undefined ? Infinity : performance.now() - timestamp);
      const made = timestamp === undefined ? performance.now() : timestamp + this.#offset;
      if (!this.#made.has(subject)) this.#made.set(subject, new Map());
      const values = this.#made.get(subject);
      values.set(keyOf(value), Math.max(made, values.get(keyOf(value)) ?? -Infinity));
      note = { made, subject };
    };
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      // The daemon may take what stands before the place that is spoilt: told, but not counted on.
      const subject = text.match(/"channel":"ticker\.([^."]+)\./)?.[1];
      for (const [, field, value] of subject ? text.matchAll(/"(mark_price|index_price)":([-+.\deE]+)/g) : [])
        tell(field === 'mark_price' ? subject : `${subject.split('-')[0].toLowerCase()}_usd`, value);
      return undefined;
    }
    const { channel = '', data } = message.params ?? {};
    if (channel.startsWith('ticker.')) {
      tell(`${data.instrument_name.split('-')[0].toLowerCase()}_usd`, data.index_price, data.timestamp);
      tell(data.instrument_name, data.mark_price, data.timestamp);
    }
    if (channel.startsWith('deribit_price_index.')) tell(data.index_name, data.price, data.timestamp);
    if (channel.startsWith('book.')) note = { made: data.timestamp + this.#offset, book: true };
    if (channel.startsWith('markprice.options.')) {
      for (const one of data) tell(one.instrument_name, one.mark_price, one.timestamp);
      if (note) note.list = true;
    }
    return note;
  }
  /** The exchange's time on this process's clock. */
  localOf(timestamp) {
    return timestamp + this.#offset;
  }
  /** Lets go of what was made more than a minute ago. */
  forget() {
    const before = performance.now() - 60_000;
    for (const values of this.#made.values()) for (const [key, made] of values) if (made < before) values.delete(key);
  }
  passed({ made, subject, book }) {
    if (book) this.lastBook = Math.max(this.lastBook, made);
    if (subject === 'BTC-PERPETUAL') this.lastPassed = Math.max(this.lastPassed, made);
  }
  /** When the exchange last made this number, or undefined: it never did. */
  madeAt(subject, value) {
    return this.#made.get(subject)?.get(keyOf(value));
  }
  /** The same for a number that was computed: within a part in 10^8. */
  nearest(subject, value) {
    let newest;
    for (const [key, made] of this.#made.get(subject) ?? []) if (Math.abs(Number(key) / value - 1) < 1e-8) newest = Math.max(newest ?? made, made);
    return newest;
  }
}

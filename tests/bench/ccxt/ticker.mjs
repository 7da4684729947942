// What ccxt takes for one Deribit ticker, from the frame's text to its own ticker: nanoseconds on standard output.
// usage: node ticker.mjs PACKAGES FRAME.json MILLISECONDS     PACKAGES: a folder with node_modules/ccxt
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [packages, file, milliseconds] = process.argv.slice(2);
const ccxt = createRequire(join(packages, 'package.json'))('ccxt');
const text = readFileSync(file, 'utf8').trim();

// An exchange that has read its markets and is subscribed; nobody waits for the ticker.
const exchange = new ccxt.pro.deribit({ newUpdates: true });
const name = JSON.parse(text).params.data.instrument_name;
const market = { id: name, symbol: `BTC/USD:BTC-${name}`, base: 'BTC', quote: 'USD', settle: 'BTC', type: 'option', option: true, contract: true, inverse: true };
exchange.markets = { [market.symbol]: market };
exchange.markets_by_id = { [name]: [market] };
exchange.symbols = [market.symbol];
const client = { resolve() {} };

function nanosecondsEach(frames) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < frames; ++i) exchange.handleTicker(client, JSON.parse(text));
  return Number(process.hrtime.bigint() - start) / frames;
}

nanosecondsEach(20_000);  // until the compiler has seen enough of it
if (!(exchange.tickers[market.symbol]?.bid > 0)) throw new Error('ccxt no longer reads the frame');
const rounds = [];
const end = performance.now() + Number(milliseconds);
do rounds.push(nanosecondsEach(2_000));
while (performance.now() < end);
rounds.sort((a, b) => a - b);
console.log(rounds[Math.floor(rounds.length / 2)]);

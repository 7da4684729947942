// The one rule that holds at every scrape: no old number looks fresh.
import { familyOf, labelOf } from './exposition.mjs';

/** Families that are made of the market. Without it for longer than is permitted none of them may have a series. */
const kOfTheMarket = new RegExp(
  '^hedgewatch_(mark_price|mark_vol_ratio|pricing_|forward_price|delta|gamma_per_usd|vega_|theta_|rho_|vanna|volga|charm|spread_ratio|index_price_usd|' +
    'position_(notional|unrealized|delta)|book_(value|delta|gamma|vega|theta|rho|vanna|volga|charm|expiry_vega|weighted_vega|risk_reversal|butterfly|pin|settlement)|' +
    'scenario_|pool_worst|hedge_(item|legs|net|ratio|over|under|wrong_way|neutrality|limit_usage|spread|delta_after)|flatten_|depth_|' +
    'basis_|surface_fit|value_at_risk_usd|expected_shortfall_usd|leverage_ratio|net_leverage_ratio|liquidation_)',
);

/** Made of the market: may not stay without it. Verdict 2 on a smile is that there is none. */
export const ofTheMarket = (key, value) =>
  kOfTheMarket.test(key) && !needsNoPrice(key) && !(key.startsWith('hedgewatch_surface_fit_verdict') && value === 2);

/** Made of an order book, and of nothing else. */
const kOfTheBook = /^hedgewatch_(spread_ratio|depth_|hedge_spread_ratio)/;

/** What needs no price: a perpetual's notional in dollars is its size, futures have no Greeks but delta, and an option's delta has bounds. */
const needsNoPrice = (key) =>
  (key.startsWith('hedgewatch_position_notional_usd') && key.includes('PERPETUAL')) ||
  (/book="perpetual"/.test(key) && /_(gamma|vega|theta|rho|vanna|volga|charm)/.test(key)) ||
  /^hedgewatch_book_delta_(low|high)_coins\{book="expiring"/.test(key);

export class Freshness {
  /** bound: seconds after which no number may be shown: its permitted age, the permitted lag, and one for the machine. */
  constructor(truth, bound) {
    Object.assign(this, { truth, bound, checked: 0, oldest: 0 });
  }

  /** What a scrape shows that it must not. Ages are as of the moment it was asked for. */
  check({ asked, series }) {
    const found = [];
    const hold = (subject, value, shown) => {
      ++this.checked;
      const made = this.truth.madeAt(subject, value);
      if (made !== undefined) this.oldest = Math.max(this.oldest, (asked - made) / 1000);
      if (made === undefined) found.push({ asked, shown, age: Infinity, words: `${shown} was never told` });
      else if (asked - made > this.bound * 1000)
        found.push({ asked, shown, age: (asked - made) / 1000, words: `${shown} is ${((asked - made) / 1000).toFixed(1)} s old` });
    };
    const pricesSilent = (asked - this.truth.lastPassed) / 1000;
    const bookSilent = (asked - this.truth.lastBook) / 1000;
    for (const [key, value] of series) {
      const family = familyOf(key);
      if (family === 'hedgewatch_mark_price') hold(labelOf(key, 'instrument'), value, key);
      else if (family === 'hedgewatch_index_price_usd') hold(`${labelOf(key, 'underlying').toLowerCase()}_usd`, value, key);
      else if (key === 'hedgewatch_book_delta_coins{book="perpetual",underlying="BTC",view="black_scholes"}')
        this.#holdDelta(asked, value, key, found);
      const silent = kOfTheBook.test(key) ? bookSilent : pricesSilent;
      if (silent > this.bound && Number.isFinite(silent) && ofTheMarket(key, value))
        found.push({ asked, shown: key, age: silent, words: `${key} is there though nothing came for ${silent.toFixed(1)} s` });
    }
    return found;
  }
  /** A book of a thousand dollars short of the perpetual has minus a thousand over its mark: which mark was that? */
  #holdDelta(asked, delta, key, found) {
    ++this.checked;
    const made = this.truth.nearest('BTC-PERPETUAL', -1000 / delta);
    if (made === undefined) found.push({ asked, shown: key, age: Infinity, words: `${key} is of a mark that was never told` });
    else if (asked - made > this.bound * 1000)
      found.push({ asked, shown: key, age: (asked - made) / 1000, words: `${key} is of a mark ${((asked - made) / 1000).toFixed(1)} s old` });
  }
}

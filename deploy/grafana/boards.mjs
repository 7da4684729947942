// What the boards show, and why. A query never adds up books: sums come from the engine, where unknown is known.
// `max by (...)` only takes instance and job away. A panel that an alert leads to has a fixed id, which alert_panel.cpp names.

import { bars, heading, lines, matrix, runbookPanel, stat, table, text } from './panels.mjs';

const red = 'red';
const orange = 'orange';
const green = 'green';
const hedge = '{hedge=~"$hedge"}';
const book = '{book=~"$book",underlying=~"$underlying"}';
const bookOf = (more) => `{book=~"$book",underlying=~"$underlying",${more}}`;
const hedgeOf = (more) => `{hedge=~"$hedge",${more}}`;
const venue = '{venue=~"$venue"}';

const yesIsBad = { 0: ['no', green], 1: ['YES', red] };
const yesWarns = { 0: ['no', green], 1: ['yes', orange] };
const yesIsGood = { 0: ['NO', red], 1: ['yes', green] };

/** The figures of this scope that have no series, and why. */
const unknownFigures = (says, matcher, options) =>
  table('Unknown or stale, and why', says, [[`max by (figure, scope, state, reason) (hedgewatch_figure_state{${matcher}})`]], {
    noValue: 'nothing, if the daemon answers', sort: 'reason', order: ['reason', 'figure', 'scope', 'state'], h: 8, ...options });

/** Gives each alert the number of its runbook's panel as a label, for the link of its row. */
const withRunbook = (expr, alerts) => alerts.reduce((inner, alert) => `label_replace(${inner}, "runbook", "${runbookPanel(alert)}", "alert", "${alert}")`, expr);

const overview = (alerts) => ({
  uid: 'hedgewatch-overview',
  title: 'Overview',
  answers: 'All hedges at a glance: is anything wrong, can it be believed, and where to look next.',
  variables: ['hedge+', 'book+', 'underlying+'],
  panels: [
    stat('Ready', 'Is every feed live and every account reconciled? No, too, when the daemon does not answer.',
      ['max(hedgewatch_ready) or max(up{job="hedgewatch"}) * 0'], { words: yesIsGood }),
    stat('Alerts firing', 'How many kinds of alert are told now, of any severity?',
      ['count(hedgewatch_alert_state{state=~"firing|clearing"} == 1) or max(hedgewatch_ready) * 0'],
      { limits: [[1, red]], base: green, unit: 'short', decimals: 0 }),
    stat('Least live feed', 'Does any connection deliver nothing that can be believed?', ['min(hedgewatch_feed_live)'], { words: yesIsGood }),
    stat('Figures lost', 'How many figures are unknown or stale for another reason than warming up or having nothing to divide by? The table below says why.',
      ['count(hedgewatch_figure_state{reason!~"warming_up|inconclusive|empty",figure!="hedgewatch_platform_locked"}) or max(hedgewatch_series) * 0'], { unit: 'short', decimals: 0, limits: [[1, orange]], base: green }),
    stat('Oldest input held', 'How old is the oldest market data of anything that is held?',
      ['max(hedgewatch_data_age_seconds and on (venue, instrument) hedgewatch_position_size != 0)'], { limits: [[10, orange], [60, red]], base: green }),
    stat('Age of this page', 'When did Prometheus last hear the daemon? Above a few seconds nothing here is of now.',
      ['max(time() - timestamp(hedgewatch_ready))'], { unit: 's', limits: [[5, orange], [30, red]], base: green, noValue: 'no answer' }),
    table('Alerts', 'What is pending, told, or about to end? A name leads to its runbook.',
      [[withRunbook('max by (alert, severity, state) (hedgewatch_alert_state{state!="inactive"} == 1)', alerts)]],
      { id: 100, w: 12, h: 8, noValue: 'no alert, if the daemon answers', sort: 'severity', order: ['severity', 'alert', 'state'], unseen: ['runbook'],
        marks: { severity: { page: ['page', red], warn: ['warn', orange] } },
        links: { alert: { title: 'Runbook', url: '/d/hedgewatch-runbooks?viewPanel=${__data.fields.runbook}', targetBlank: true } } }),
    bars('Limit usage', 'How much of each soft limit is used? At 100 % it is broken; delta pages at its hard limit.',
      [[`max by (hedge, greek) (hedgewatch_hedge_limit_usage_ratio${hedge})`, '{{hedge}} {{greek}}']],
      { w: 12, h: 8, min: 0, max: 2, limits: [[0.8, 'yellow'], [1, red]], decimals: 0 }),
    table('Hedges', 'How sensitive is each hedge, is it over- or under-hedged, and does it point the right way?', [
      [`max by (hedge) (hedgewatch_hedge_item_delta_coins${hedge})`, 'item'],
      [`max by (hedge) (hedgewatch_hedge_legs_delta_coins${hedge})`, 'legs'],
      [`max by (hedge) (hedgewatch_hedge_net_delta_coins${hedge})`, 'net delta'],
      [`max by (hedge) (hedgewatch_hedge_net_delta_usd${hedge})`, 'net delta USD'],
      [`max by (hedge) (hedgewatch_hedge_limit_usage_ratio${hedgeOf('greek="delta"')})`, 'of soft limit', { limits: [[0.8, 'yellow'], [1, red]], decimals: 0 }],
      [`max by (hedge) (hedgewatch_hedge_ratio${hedge})`, 'ratio', { decimals: 0 }],
      [`max by (hedge) (hedgewatch_hedge_target_ratio${hedge})`, 'target', { decimals: 0 }],
      [`max by (hedge) (hedgewatch_hedge_wrong_way${hedge})`, 'wrong way', { words: yesIsBad }],
      [`max by (hedge) (hedgewatch_outside_band${hedge})`, 'outside band', { words: yesWarns }],
      [`max by (hedge) (label_replace(hedgewatch_figure_state{figure="hedgewatch_hedge_net_delta_coins",scope=~"$hedge"}, "hedge", "$1", "scope", "(.*)"))`,
        'net delta known', { unit: 'short', words: { 1: ['UNKNOWN', red] } }],
    ], { w: 24, h: 5, decimals: 2, sort: 'hedge',
      links: { hedge: { title: 'This hedge in depth', url: '/d/hedgewatch-hedge?var-hedge=${__value.raw}&${__url_time_range}' } } }),
    table('Books', 'What does each book hold and how does it move? Shown one by one: sums come from the engine only.', [
      [`max by (book, underlying) (hedgewatch_book_value_usd${book})`, 'value'],
      [`max by (book, underlying) (hedgewatch_book_delta_coins${bookOf('view="black_scholes"')})`, 'delta'],
      [`max by (book, underlying) (hedgewatch_book_gamma_coins_per_percent${book})`, 'gamma per 1 %'],
      [`max by (book, underlying) (hedgewatch_book_vega_usd_per_vol_point${book})`, 'vega per point'],
      [`max by (book, underlying) (hedgewatch_book_theta_usd_per_day${book})`, 'theta per day'],
      [`max by (book, underlying) (hedgewatch_scenario_worst_loss_usd${book})`, 'worst cell loses'],
      [`max by (book, underlying) (hedgewatch_book_coverage_ratio${book})`, 'priced', { base: red, limits: [[0.9999, 'transparent']], decimals: 0 }],
      [`max by (book, underlying) (hedgewatch_book_fallback_positions${book})`, 'on fallback vol', { limits: [[1, orange]] }],
      [`max by (book, underlying) (label_replace(label_replace(hedgewatch_figure_state{figure="hedgewatch_book_delta_coins",scope=~"$book/$underlying/.*"}, "book", "$1", "scope", "(.*)/.*/.*"), "underlying", "$1", "scope", ".*/(.*)/.*"))`,
        'delta known', { unit: 'short', words: { 1: ['UNKNOWN', red] } }],
    ], { w: 24, h: 5, decimals: 2, sort: 'book',
      links: { book: { title: 'This book in depth', url: '/d/hedgewatch-books?var-book=${__value.raw}&${__url_time_range}' } } }),
    lines('Net delta against the soft limit', 'Which hedge is drifting towards its limit?',
      [[`max by (hedge) (hedgewatch_hedge_limit_usage_ratio${hedgeOf('greek="delta"')})`, '{{hedge}}']], { min: 0, limits: [[1, red]], decimals: 0 }),
    lines('Maintenance margin', 'How near is the venue to liquidating an account?',
      [['max by (account, asset) (hedgewatch_maintenance_margin_ratio{source="venue"})', '{{account}} {{asset}}']],
      { min: 0, max: 1, limits: [[0.7, orange], [0.85, red]], decimals: 0 }),
    unknownFigures('Which figures cannot be told now? warming_up ends by itself, inconclusive is a denominator near nothing, the rest wants a look.',
      'figure!=""', { id: 101, w: 24, h: 9 }),
  ],
});

const hedgeBoard = {
  uid: 'hedgewatch-hedge',
  title: 'Hedge',
  answers: 'One hedge in depth: how sensitive is it, is it still tied to what it protects, what brings it back and what stops that.',
  variables: ['hedge'],
  panels: [
    stat('Net delta', 'What is left open?', [`max(hedgewatch_hedge_net_delta_coins${hedge})`], { decimals: 3 }),
    stat('Of the soft limit', 'How much of the delta limit is used?', [`max(hedgewatch_hedge_limit_usage_ratio${hedgeOf('greek="delta"')})`],
      { limits: [[0.8, 'yellow'], [1, red]], base: green, decimals: 0 }),
    stat('Hedge ratio', 'How much of the item do the legs offset? Unknown while the item is near nothing.', [`max(hedgewatch_hedge_ratio${hedge})`], { decimals: 0 }),
    stat('Wrong way', 'Do the legs add to the exposure?', [`max(hedgewatch_hedge_wrong_way${hedge})`], { words: yesIsBad, id: 111, alerts: ['HedgeWrongWay'] }),
    stat('Outside the band', 'Is it time to trade?', [`max(hedgewatch_outside_band${hedge})`], { words: yesWarns, id: 112, alerts: ['OutsideRebalancingBand'] }),
    stat('Expected time to the band', 'How long until gamma alone takes the delta to an edge?', [`max(hedgewatch_expected_seconds_to_band${hedge})`], { decimals: 1 }),
    lines('Net delta against its limits and band', 'Is the hedge inside its limits, and which way does it drift?', [
      [`max(hedgewatch_hedge_net_delta_coins${hedge})`, 'net delta'],
      [`max by (level) (hedgewatch_hedge_delta_limit_coins${hedge})`, '+ {{level}} limit'],
      [`-max by (level) (hedgewatch_hedge_delta_limit_coins${hedge})`, '- {{level}} limit'],
      [`max(hedgewatch_band_upper_coins${hedge})`, 'band, upper'],
      [`max(hedgewatch_band_lower_coins${hedge})`, 'band, lower'],
    ], { id: 110, alerts: ['NetDeltaAboveSoftLimit', 'NetDeltaAboveHardLimit', 'NetDeltaFarAboveHardLimit', 'NetDeltaUnknown'], w: 16, h: 12, decimals: 2, legend: 'right' }),
    [
      table('After an hour of one sigma', 'Where does the net delta go when spot moves one standard deviation of an hour?',
        [[`max by (move) (hedgewatch_hedge_delta_after_hour_coins${hedge})`, 'net delta then', { decimals: 2 }]], { w: 8, h: 4, sort: 'move' }),
      bars('Limit usage by Greek', 'Which limit is nearest?', [[`max by (greek) (hedgewatch_hedge_limit_usage_ratio${hedge})`, '{{greek}}']],
        { w: 8, h: 5, min: 0, max: 2, limits: [[0.8, 'yellow'], [1, red]], decimals: 0 }),
      stat('Breakeven move', 'Which day’s move uses up the theta?', [`max(hedgewatch_breakeven_move_ratio${hedge})`], { w: 8, h: 3, decimals: 2 }),
    ],
    lines('Item and legs', 'Do the legs mirror the item?', [
      [`max(hedgewatch_hedge_item_delta_coins${hedge})`, 'item'],
      [`max(hedgewatch_hedge_legs_delta_coins${hedge})`, 'legs'],
    ], { h: 9, decimals: 2 }),
    lines('Hedge ratio against its target', 'Over- or under-hedged? Beside it the multiple of the hedge that would have had the least variance.', [
      [`max(hedgewatch_hedge_ratio${hedge})`, 'ratio'],
      [`max(hedgewatch_hedge_target_ratio${hedge})`, 'target'],
      [`max by (window) (hedgewatch_hedge_beta${hedgeOf('estimator="rolling",basis="pnl_delta"')})`, 'least variance, {{window}}'],
    ], { h: 9, unit: 'percentunit', decimals: 0 }),
    lines('Beyond the target', 'How far is the ratio above or below its target? Above 10 % it warns, while the net delta is beyond its soft limit.', [
      [`max(hedgewatch_hedge_over_ratio${hedge})`, 'over-hedged'],
      [`max(hedgewatch_hedge_under_ratio${hedge})`, 'under-hedged'],
    ], { id: 113, alerts: ['HedgeOverHedged', 'HedgeUnderHedged'], h: 8, min: 0, max: 0.3, limits: [[0.1, orange]], decimals: 0 }),
    lines('Neutrality', 'Which share of the gross delta is offset? Below 90 % it warns, while the net delta is beyond its soft limit.', [
      [`min by (greek) (hedgewatch_hedge_neutrality_ratio${hedge})`, '{{greek}}'],
    ], { id: 119, alerts: ['NeutralityLost'], h: 8, min: 0, max: 1, base: orange, limits: [[0.9, 'transparent']], decimals: 0 }),
    heading('Is the protection still tied to what it protects?'),
    lines('Correlation of profit', 'Do the legs earn what the item loses? By profit, not by price: 1 is perfect. pnl_delta is what the delta hedge can do.', [
      [`max by (window, basis) (hedgewatch_hedge_correlation_ratio${hedgeOf('basis=~"pnl_.*",estimator="rolling"')})`, '{{basis}} {{window}}'],
    ], { id: 114, alerts: ['CorrelationLow'], w: 10, h: 10, unit: 'short', max: 1, limits: [[0.95, 'transparent']], base: orange, decimals: 2 }),
    lines('Variance taken away', 'Which share of the item’s variance does the hedge as held remove? Negative: it adds risk.', [
      [`max by (window, basis) (hedgewatch_hedge_variance_reduction_ratio${hedgeOf('basis=~"pnl_.*",estimator="rolling"')})`, '{{basis}} {{window}}'],
    ], { id: 116, alerts: ['VarianceReductionLow'], w: 10, h: 10, max: 1, limits: [[0.5, 'transparent']], base: orange, decimals: 0 }),
    [
      stat('Outside 80–125 %', 'Have the legs offset the item by dollars? Inconclusive is no.',
        [`max(hedgewatch_hedge_dollar_offset_state${hedgeOf('estimator="rolling",basis="pnl_total",state="ineffective"')})`], { id: 117, alerts: ['DollarOffsetOutside'], w: 4, h: 4, words: yesWarns }),
      stat('Pairs behind it', 'On how many bars does the effectiveness rest?', [`max by (window) (hedgewatch_hedge_pairs${hedgeOf('estimator="rolling",basis="pnl_total"')})`, '{{window}}'],
        { w: 4, h: 3, decimals: 0 }),
      stat('Correlation broken', 'Three bars below -3 deviations, and under the floor? Needs a reference before the windows.',
        [`max(hedgewatch_hedge_correlation_broken${hedgeOf('estimator="rolling",basis="pnl_total"')})`], { id: 115, alerts: ['CorrelationBroken'], w: 4, h: 3, words: yesWarns }),
    ],
    table('Effectiveness', 'Economic evidence, not eligibility for hedge accounting. Rows of basis price flatter: no alert stands on them.', [
      [`max by (basis, estimator, window) (hedgewatch_hedge_correlation_ratio${hedge})`, 'correlation', { unit: 'short', decimals: 3 }],
      [`max by (basis, estimator, window) (hedgewatch_hedge_beta${hedge})`, 'beta', { decimals: 2 }],
      [`max by (basis, estimator, window) (hedgewatch_hedge_r_squared${hedge})`, 'R squared', { decimals: 2 }],
      [`max by (basis, estimator, window) (hedgewatch_hedge_variance_reduction_ratio${hedge})`, 'variance taken away', { decimals: 0 }],
      [`max by (basis, estimator, window) (hedgewatch_hedge_tracking_error_ratio${hedge})`, 'tracking error', { decimals: 1 }],
      [`max by (basis, estimator, window) (hedgewatch_hedge_dollar_offset_ratio${hedge})`, 'dollar offset', { decimals: 0 }],
      [`max by (basis, estimator, window) (hedgewatch_hedge_correlation_breakdown_zscore${hedge})`, 'breakdown', { limits: [[-1000, red], [-3, 'transparent']], base: 'transparent', decimals: 1 }],
      [`max by (basis, estimator, window) (hedgewatch_hedge_pairs${hedge})`, 'pairs', { decimals: 0 }],
    ], { w: 24, h: 12, sort: 'basis', noValue: '–' }),
    heading('What brings it back, at what cost, and what stops it?'),
    [
      table('Advice', 'What to trade now; positive buys, 0 leaves it alone. hedgewatch never trades.', [
        [`max by (venue, instrument) (hedgewatch_advice_trade_size${hedge})`, 'size to trade', { unit: 'short' }],
      ], { w: 8, h: 5, noValue: 'unknown, or no advice instruments configured' }),
      table('Binding constraints', 'What alone keeps the delta from going back?', [[`max by (kind) (hedgewatch_constraint_binding${hedge})`, 'binds', { words: yesWarns }]], { id: 118, alerts: ['ConstraintBinding'], w: 8, h: 7, sort: 'kind' }),
    ],
    [
      stat('Penalty now', 'How far outside its limits is the hedge, in dollars? 0 inside.', [`max(hedgewatch_advice_objective_before${hedge})`], { w: 4, h: 4, unit: 'currencyUSD', decimals: 0 }),
      stat('Penalty after the advice', 'The same after the advised trades, with their cost.', [`max(hedgewatch_advice_objective_after${hedge})`], { w: 4, h: 4, unit: 'currencyUSD', decimals: 0 }),
      stat('Cost of the advised trades', 'Fees and half the spread.', [`max(hedgewatch_advice_cost_usd${hedge})`], { w: 4, h: 4, decimals: 2 }),
    ],
    [
      table('Delta drift since the last hedge', 'What moved the delta? When other is the largest, believe none of them.',
        [[`max by (cause) (hedgewatch_delta_drift_coins${hedge})`, 'moved by', { decimals: 4 }]], { w: 6, h: 8, sort: 'cause' }),
      stat('Since the last hedge', 'When did a leg’s position last change?', [`max(hedgewatch_seconds_since_rebalance${hedge})`], { w: 6, h: 4, decimals: 1 }),
    ],
    [
      table('Cost of hedging', 'What has hedging cost since the daemon started? Negative is a gain.', [[`max by (kind) (hedgewatch_hedge_cost_usd${hedge})`, 'cost', { decimals: 2 }]],
        { w: 6, h: 8, sort: 'kind' }),
      stat('Cost per dollar traded', 'Hedging cost, funding left out, in basis points.', [`10000 * max(hedgewatch_hedge_cost_per_notional_ratio${hedge})`], { w: 6, h: 4, unit: 'suffix: bp', decimals: 1 }),
    ],
    unknownFigures('Which figures of this hedge cannot be told, and why?', 'figure=~"hedgewatch_(hedge|band|advice|basis|flatten|delta_drift|expected|breakeven|carry).*",scope=~"$hedge(/.*)?"', { w: 16 }),
    [
      stat('Cost per sigma removed', 'Dollars of cost for a dollar of deviation taken away. Unknown for the first half hour.', [`max(hedgewatch_hedge_cost_per_sigma_removed${hedge})`], { w: 8, h: 4, decimals: 2 }),
      stat('Fills not costed', 'Fills whose slippage is not in the cost, for want of a believable mid.', [`max(hedgewatch_hedge_uncosted_fills${hedge})`], { w: 8, h: 4, decimals: 0 }),
    ],
  ],
};

const instrumentParts = (expr) =>
  `label_replace(label_replace(label_replace(${expr}, "expiry", "$1", "instrument", "[A-Z_]+-([0-9A-Z]+)-.*"), "strike", "$1", "instrument", ".*-([0-9d]+)-[CP]"), "right", "$1", "instrument", ".*-([CP])")`;
/** Buckets sort by the day that they begin with. */
const byBucket = (figure) => `label_replace(max by (expiry_bucket) (${figure}${book}), "days", "$1", "expiry_bucket", "([0-9]+)d.*")`;
const options = 'instrument=~".*-[CP]"';
const ofPosition = (figure) =>
  `max by (book, venue, instrument) (hedgewatch_position_size{book=~"$book",${options}}) * on (venue, instrument) group_left () max by (venue, instrument) (${figure}{${options}})`;

const books = {
  uid: 'hedgewatch-books',
  title: 'Books and Greeks',
  answers: 'What a book holds and how it moves: by view, by expiry, by strike, with what is known about it.',
  variables: ['book', 'underlying'],
  panels: [
    stat('Value', 'What would closing at the marks bring?', [`max(hedgewatch_book_value_usd${book})`]),
    stat('Delta', 'What does the book gain on the next dollar, in coins?', [`max(hedgewatch_book_delta_coins${bookOf('view="black_scholes"')})`], { decimals: 3 }),
    stat('Gamma per 1 %', 'How does the delta change for one per cent?', [`max(hedgewatch_book_gamma_coins_per_percent${book})`], { decimals: 3 }),
    stat('Vega per point', 'What does one vol point bring?', [`max(hedgewatch_book_vega_usd_per_vol_point${book})`]),
    stat('Theta per day', 'What does a day bring?', [`max(hedgewatch_book_theta_usd_per_day${book})`]),
    stat('Priced', 'Which share of the gross size has a delta? Below 100 % the delta has bounds only.', [`max(hedgewatch_book_coverage_ratio${book})`],
      { base: red, limits: [[0.9999, green]], decimals: 0 }),
    lines('Delta by view, with its bounds', 'Which delta is meant, and what can it be at worst while an option is unpriced?', [
      [`max by (view) (hedgewatch_book_delta_coins${bookOf('view!="with_equity"')})`, '{{view}}'],
      [`max(hedgewatch_book_delta_low_coins${book})`, 'lower bound'],
      [`max(hedgewatch_book_delta_high_coins${book})`, 'upper bound'],
      [`max(hedgewatch_working_bid_delta_coins${bookOf('view="net_transaction"')})`, 'all bids filled'],
      [`max(hedgewatch_working_ask_delta_coins${bookOf('view="net_transaction"')})`, 'all asks filled'],
    ], { id: 120, alerts: ['BookDeltaUnknown'], h: 10, decimals: 2 }),
    lines('Gamma, in dollars of delta per 1 %', 'How fast does the delta run away?', [[`max(hedgewatch_book_gamma_usd_per_percent${book})`, 'gamma']], { h: 10 }),
    table('Vega and skew by expiry', 'Which part of the term structure is the vega on, and what do one point of risk reversal and of butterfly bring?', [
      [byBucket('hedgewatch_book_expiry_vega_usd_per_vol_point'), 'vega'],
      [byBucket('hedgewatch_book_risk_reversal_vega_usd'), 'risk reversal'],
      [byBucket('hedgewatch_book_butterfly_vega_usd'), 'butterfly'],
    ], { w: 12, h: 9, order: ['expiry_bucket', 'days'], numbers: ['days'], sort: 'days', unseen: ['days'] }),
    [
      stat('Delta with equity', 'What does the book gain on the next dollar when the coin it owns counts, too?', [`max(hedgewatch_book_delta_coins${bookOf('view="with_equity"')})`], { h: 3, decimals: 2, noValue: 'unknown, or no equity' }),
      stat('Vanna', 'Coins of delta for a vol point.', [`max(hedgewatch_book_vanna${book})`], { h: 3, unit: 'suffix: coins', decimals: 4 }),
      stat('Pin', 'How much delta can an expiry within 24 hours throw at the hedge?', [`max(hedgewatch_book_pin_delta_coins${book})`], { h: 3, decimals: 3 }),
    ],
    [
      stat('Weighted vega', 'Vega when the front moves more than the back.', [`max(hedgewatch_book_weighted_vega_usd_per_vol_point${book})`], { h: 3 }),
      stat('Volga', 'Dollars of vega for a vol point.', [`max(hedgewatch_book_volga${book})`], { h: 3, unit: 'currencyUSD' }),
      stat('Settlement averaging', 'What does averaging in the last half hour add to the delta?', [`max(hedgewatch_book_settlement_delta_shift_coins${book})`], { h: 3, decimals: 3 }),
    ],
    [
      stat('Index', 'The spot that dollars are counted at.', ['max(hedgewatch_index_price_usd{underlying=~"$underlying"})'], { h: 3 }),
      stat('Charm', 'Coins of delta by a day passing.', [`max(hedgewatch_book_charm${book})`], { h: 3, unit: 'suffix: coins', decimals: 4 }),
      stat('On a fallback vol', 'How many option positions have Greeks from a vol or forward that the venue did not send?', [`max(hedgewatch_book_fallback_positions${book})`], { h: 3, decimals: 0, limits: [[1, orange]], base: green }),
    ],
    table('Options by expiry and strike', 'Where do the Greeks sit? One row a position; dollars and coins of the whole position.', [
      [instrumentParts(`max by (book, venue, instrument) (hedgewatch_position_size{book=~"$book",${options}})`), 'size', { unit: 'suffix: coins', decimals: 1 }],
      [instrumentParts(`max by (book, venue, instrument) (hedgewatch_position_delta_coins{book=~"$book",${options}})`), 'delta', { unit: 'suffix: coins', decimals: 2 }],
      [instrumentParts(`100 * ${ofPosition('hedgewatch_gamma_per_usd')}`), 'gamma, 100 USD', { unit: 'suffix: coins', decimals: 4 }],
      [instrumentParts(ofPosition('hedgewatch_vega_usd_per_vol_point')), 'vega per point', { unit: 'currencyUSD' }],
      [instrumentParts(ofPosition('hedgewatch_theta_usd_per_day')), 'theta per day', { unit: 'currencyUSD' }],
      [instrumentParts(`max by (book, venue, instrument) (hedgewatch_position_unrealized_pnl_usd{book=~"$book",${options}})`), 'profit', { unit: 'currencyUSD' }],
      [instrumentParts(`max by (book, venue, instrument) (hedgewatch_position_size{book=~"$book",${options}}) * 0 + on (venue, instrument) group_left () max by (venue, instrument) (hedgewatch_pricing_vol_ratio{${options}})`), 'vol', { unit: 'percentunit', decimals: 1 }],
      [instrumentParts(`max by (book, venue, instrument) (hedgewatch_position_size{book=~"$book",${options}}) * 0 + on (venue, instrument) group_left () max by (venue, instrument) (hedgewatch_data_age_seconds{${options}})`), 'age', { unit: 's', decimals: 0, limits: [[10, orange], [60, red]] }],
    ], { w: 24, h: 10, sort: 'expiry', order: ['expiry', 'strike', 'right', 'venue'], hide: ['instrument', 'book'] }),
    table('Positions', 'What does the venue say is held, options and all?', [
      [`max by (book, venue, instrument) (hedgewatch_position_size{book=~"$book"})`, 'size', { unit: 'short' }],
      [`max by (book, venue, instrument) (hedgewatch_position_notional_usd{book=~"$book"})`, 'notional'],
      [`max by (book, venue, instrument) (hedgewatch_position_delta_coins{book=~"$book"})`, 'delta', { decimals: 3 }],
      [`max by (book, venue, instrument) (hedgewatch_position_unrealized_pnl_usd{book=~"$book"})`, 'profit'],
    ], { w: 14, h: 10, sort: 'instrument', order: ['instrument', 'venue'], hide: ['book'] }),
    table('Fit of the vol surface', 'What is a fallback vol worth? Error at the strikes that have vega, and its 95th percentile.', [
      ['max by (underlying, quote, expiry) (hedgewatch_surface_fit_error_vol_points{underlying=~"$underlying",statistic="weighted_rms"})', 'error', { decimals: 2 }],
      ['max by (underlying, quote, expiry) (hedgewatch_surface_fit_error_vol_points{underlying=~"$underlying",statistic="p95"})', '95 %', { decimals: 2 }],
      ['max by (underlying, quote, expiry) (hedgewatch_surface_fitted_marks{underlying=~"$underlying"})', 'marks', { decimals: 0 }],
      ['max by (underlying, quote, expiry) (hedgewatch_surface_age_seconds{underlying=~"$underlying"})', 'age', { decimals: 0 }],
    ], { w: 10, h: 10, sort: 'expiry', hide: ['quote', 'underlying'] }),
    unknownFigures('Which figures of this book cannot be told, and why?', 'figure=~"hedgewatch_(book|position|pricing|forward|surface|delta|gamma|vega|theta).*"', { w: 24, h: 6 }),
  ],
};

const scenarios = {
  uid: 'hedgewatch-scenarios',
  title: 'Scenarios',
  answers: 'What a book can lose: in joint moves of spot and vol, everything repriced, and in the tail of past returns.',
  variables: ['book', 'underlying'],
  panels: [
    stat('Worst cell loses', 'What does the worst cell of the grid cost? The number to hold against equity.', [`max(hedgewatch_scenario_worst_loss_usd${book})`], { w: 6 }),
    stat('Expected shortfall', 'What is the mean loss of the worst returns, repriced in full?',
      [`max by (confidence, horizon) (hedgewatch_expected_shortfall_usd${bookOf('method="historical"')})`, '{{confidence}}, {{horizon}}'], { w: 9 }),
    stat('Value at risk', 'Which loss do the remembered returns exceed with the rest of the probability?',
      [`max by (confidence, horizon) (hedgewatch_value_at_risk_usd${bookOf('method="historical"')})`, '{{confidence}}, {{horizon}}'], { w: 9 }),
    matrix('Profit by move of spot (down) and vol (across)', 'Where does the book lose? Positions only, vols at their strikes, no time passing. An empty cell is not in the grid.',
      `max by (spot_shock, vol_shock) (hedgewatch_scenario_pnl_usd${book})`, 'spot_shock', 'vol_shock',
      { w: 14, h: 13, base: 'semi-dark-red', limits: [[-0.5, 'transparent'], [0.5, 'semi-dark-green']], decimals: 0, corner: 'spot' }),
    [
    lines('Worst loss over time', 'Is the book getting more dangerous?', [[`max(hedgewatch_scenario_worst_loss_usd${book})`, 'worst cell']], { w: 10, h: 6 }),
    lines('Tail over time', 'Value at risk and expected shortfall by method. delta_gamma is missing when Greeks do not describe the tail.', [
      [`max by (confidence, method) (hedgewatch_expected_shortfall_usd${book})`, 'shortfall {{confidence}} {{method}}'],
      [`max by (confidence, method) (hedgewatch_value_at_risk_usd${book})`, 'value at risk {{confidence}} {{method}}'],
    ], { w: 10, h: 7 }),
    ],
    stat('Returns behind the tail', 'How many returns are the tail figures made of?', [`max(hedgewatch_value_at_risk_returns${book})`], { w: 6, h: 6, decimals: 0 }),
    unknownFigures('Why is a scenario or a tail unknown?', 'figure=~"hedgewatch_(scenario|value_at_risk|expected_shortfall).*"', { w: 18, h: 6 }),
  ],
};

const accounts = {
  uid: 'hedgewatch-accounts',
  title: 'Accounts and margin',
  answers: 'Is collateral where the risk is, how near is liquidation, and does the venue agree with us?',
  variables: ['venue+'],
  panels: [
    bars('Maintenance margin', 'Venue’s maintenance margin over its margin balance: at 100 % it liquidates.',
      [[`max by (account, venue, asset) (hedgewatch_maintenance_margin_ratio{venue=~"$venue",source="venue"})`, '{{account}} {{asset}}']],
      { w: 8, h: 7, min: 0, max: 1, limits: [[0.7, orange], [0.85, red]], decimals: 1 }),
    bars('Initial margin', 'At 100 % no new risk is possible.',
      [[`max by (account, venue, asset) (hedgewatch_initial_margin_ratio{venue=~"$venue",source="venue"})`, '{{account}} {{asset}}']],
      { w: 8, h: 7, min: 0, max: 1, limits: [[0.8, orange], [1, red]], decimals: 1 }),
    table('Forced events', 'Does the venue act on the account by itself?', [[`max by (account, kind) (hedgewatch_forced_event${venue})`, 'now', { words: yesIsBad }]],
      { id: 131, alerts: ['ForcedEvent', 'ForcedEventUnknown', 'MarketMakerProtection'], w: 8, h: 7, sort: 'kind' }),
    bars('Queue for auto-deleveraging', 'How near is a position to being closed by the venue, against a loser it cannot close? 100 % is first in line.',
      [[`max by (account, venue) (hedgewatch_adl_rank_ratio${venue})`, '{{account}}']],
      { w: 24, h: 4, min: 0, max: 1, limits: [[0.6, orange], [1, red]], decimals: 0 }),
    lines('Margin over time', 'Which way does margin use go?', [
      [`max by (account, asset) (hedgewatch_maintenance_margin_ratio{venue=~"$venue",source="venue"})`, 'maintenance {{account}} {{asset}}'],
      [`max by (account, asset) (hedgewatch_initial_margin_ratio{venue=~"$venue",source="venue"})`, 'initial {{account}} {{asset}}'],
    ], { id: 130, alerts: ['MaintenanceMarginHigh', 'MaintenanceMarginCritical', 'MaintenanceMarginUnknown'], h: 10, min: 0, max: 1, limits: [[0.7, orange], [0.85, red]], decimals: 1 }),
    lines('Equity', 'What is each account worth, in dollars, asset by asset?', [[`max by (account, asset) (hedgewatch_equity_usd${venue})`, '{{account}} {{asset}}']], { h: 10 }),
    heading('What would a move do, and is collateral where the risk is?'),
    bars('Distance to liquidation', 'How far must the underlying move until the pool is liquidated? 400 % up and 95 % down: nothing up to there does.',
      [[`min by (account, asset, underlying, direction) (hedgewatch_liquidation_distance_ratio${venue})`, '{{account}} {{asset}}: {{underlying}} {{direction}}']],
      { id: 133, alerts: ['LiquidationPriceNear', 'LiquidationDistanceUnknown'], w: 8, h: 9, min: 0, max: 1, base: red, limits: [[0.1, orange], [0.2, green]], decimals: 0 }),
    bars('The same in daily deviations', 'Does a usual day reach it?',
      [[`min by (account, asset, underlying, direction) (hedgewatch_liquidation_distance_sigmas${venue})`, '{{account}} {{asset}}: {{underlying}} {{direction}}']],
      { id: 134, alerts: ['LiquidationPriceWithinThreeSigma'], w: 8, h: 9, unit: 'suffix: σ', min: 0, max: 20, base: red, limits: [[3, orange], [6, green]], decimals: 1 }),
    bars('Worst cell within 20 % of spot', 'Which share of the pool’s equity do its positions lose in the worst cell? The collateral’s own fall is apart.',
      [[`max by (account, asset) (hedgewatch_pool_worst_cell_loss_ratio${venue})`, '{{account}} {{asset}}']],
      { id: 135, alerts: ['WorstCellLoss', 'WorstCellLossUnknown'], w: 8, h: 9, min: 0, max: 0.3, limits: [[0.1, orange], [0.15, red]], decimals: 1 }),
    table('Pools', 'Is collateral where the risk is? Coverage is equity over requirement and worst loss together.', [
      [`max by (account, venue, asset) (hedgewatch_collateral_share_ratio${venue})`, 'share of equity', { decimals: 0 }],
      [`max by (account, venue, asset) (hedgewatch_collateral_coverage_ratio${venue})`, 'coverage', { unit: 'short', limits: [[0, red], [1, 'transparent']], base: 'transparent', decimals: 1 }],
      [`max by (account, venue, asset) (hedgewatch_leverage_ratio{venue=~"$venue",notional="full"})`, 'leverage', { unit: 'short', decimals: 2 }],
      [`max by (account, venue, asset) (hedgewatch_leverage_ratio{venue=~"$venue",notional="delta"})`, 'by delta', { unit: 'short', decimals: 2 }],
      [`max by (account, venue, asset) (hedgewatch_net_leverage_ratio${venue})`, 'net', { unit: 'short', decimals: 2 }],
      [`max by (account, venue, asset) (hedgewatch_pool_worst_loss_usd${venue})`, 'worst loss', { decimals: 0 }],
      [`max by (account, venue, asset) (hedgewatch_collateral_price_usd${venue})`, 'price', { decimals: 3 }],
    ], { w: 16, h: 8, sort: 'account', noValue: '–' }),
    [
      stat('Weakest pool', 'How often does the equity of the pool that has least cover what it may need?', ['min(hedgewatch_collateral_min_coverage_ratio)'], { w: 4, h: 4, unit: 'short', base: red, limits: [[1, orange], [2, green]], decimals: 1 }),
      stat('Imbalance', 'How much more has the pool that has most?', ['max(hedgewatch_collateral_imbalance_ratio)'], { w: 4, h: 4, unit: 'short', decimals: 1 }),
    ],
    stat('Stablecoin, confirmed', 'The price that a second source agrees to: below 0.985 for two minutes it pages.', ['min by (asset) (hedgewatch_stablecoin_confirmed_price_usd)', '{{asset}}'],
      { w: 4, h: 8, base: red, limits: [[0.985, orange], [0.995, green]], decimals: 4, noValue: 'unknown, or no stablecoin is collateral' }),
    lines('Stablecoins by source', 'What does each source say one unit is worth?', [[`max by (asset, venue, source) (hedgewatch_stablecoin_price_usd${venue})`, '{{asset}} {{venue}} {{source}}']],
      { id: 136, alerts: ['StablecoinDepegged', 'StablecoinPriceUnknown'], w: 24, h: 8, min: 0.97, max: 1.03, base: red, limits: [[0.985, 'transparent']], decimals: 4 }),
    heading('Does the venue agree with us?'),
    table('Balances', 'What does the venue test margin against? Not equity: long options can be worth much and count for nothing.', [
      [`max by (account, venue, asset) (hedgewatch_equity_usd${venue})`, 'equity'],
      [`max by (account, venue, asset) (hedgewatch_margin_balance${venue})`, 'margin balance', { unit: 'suffix: coins', decimals: 2 }],
      [`max by (account, venue, asset) (hedgewatch_balance${venue})`, 'cash', { unit: 'suffix: coins', decimals: 2 }],
      [`max by (account, venue, asset) (hedgewatch_collateral_haircut_ratio${venue})`, 'haircut', { unit: 'percentunit', decimals: 0 }],
    ], { w: 12, h: 6, sort: 'account' }),
    table('Agreement with the venue', 'Is our picture the venue’s? Delta within 0.01 coin or 0.1 %, equity within a basis point.', [
      [`max by (account, venue, asset) (hedgewatch_reconcile_delta_difference_coins${venue})`, 'delta off by', { decimals: 4 }],
      [`10000 * max by (account, venue, asset) (hedgewatch_reconcile_equity_difference_ratio${venue})`, 'equity off by', { unit: 'suffix: bp', decimals: 2 }],
    ], { w: 12, h: 6, sort: 'account' }),
    table('Position mismatches', 'How many positions are not what the venue states, and how large is the largest beside the soft limit? It pages above 25 %.', [
      [`max by (account) (hedgewatch_reconcile_position_mismatches${venue})`, 'positions', { limits: [[0.5, orange]], decimals: 0 }],
      [`max by (account) (hedgewatch_reconcile_mismatch_limit_ratio${venue})`, 'of the soft limit', { limits: [[0.25, red]], decimals: 0 }],
    ], { id: 132, alerts: ['PositionMismatch', 'PositionMismatchUnknown'], w: 8, h: 5, sort: 'account', limits: [[0.25, red]] }),
    bars('Age of the venue’s statement', 'How old is the newest whole statement of positions?',
      [[`max by (account) (hedgewatch_reconcile_seconds_since${venue})`, '{{account}}']], { w: 8, h: 5, min: 0, max: 180, limits: [[60, orange], [120, red]], decimals: 0 }),
    bars('Time skew of positions', 'How much older is this account’s word than the newest of all?',
      [[`max by (account) (hedgewatch_position_time_skew_seconds${venue})`, '{{account}}']], { w: 8, h: 5, min: 0, max: 60, limits: [[30, orange]], decimals: 1 }),
    table('Greeks, ours less the venue’s', 'Do our Greeks agree with the venue’s, in its units?',
      [[`max by (account, asset, greek) (hedgewatch_reconcile_greek_difference${venue})`, 'difference', { decimals: 4 }]], { w: 12, h: 7, sort: 'greek' }),
    unknownFigures('Which figures of the accounts cannot be told, and why?', 'figure=~"hedgewatch_(equity|margin|balance|initial_margin|maintenance_margin|reconcile|forced|position_time|liquidation|pool|collateral|stablecoin|leverage|net_leverage).*"', { w: 12, h: 7 }),
  ],
};

const liquidity = {
  uid: 'hedgewatch-liquidity',
  title: 'Liquidity and basis',
  answers: 'Can I still get out, at what price and what basis; is protection worth its carry; what market am I in?',
  variables: ['hedge', 'underlying', 'venue+'],
  panels: [
    stat('Fillable now', 'Which share of the net delta can be traded to zero near the mid?', [`max(hedgewatch_flatten_fillable_ratio${hedgeOf('venue="all",demand="now"')})`],
      { id: 140, alerts: ['HedgeCannotBeMoved', 'HedgeCannotBeMovedUnknown'], base: red, limits: [[0.5, green]], decimals: 0 }),
    stat('After one sigma', 'The same of the delta after an hour’s sigma: what a short-gamma book has to be able to trade.',
      [`max(hedgewatch_flatten_fillable_ratio${hedgeOf('venue="all",demand="after_hour"')})`], { base: red, limits: [[0.5, green]], decimals: 0 }),
    stat('Cost to flatten', 'What is lost against the mid by trading the net delta away now?', [`max(hedgewatch_flatten_cost_usd${hedgeOf('venue="all",demand="now"')})`], { decimals: 2 }),
    stat('Spread', 'How wide is the tightest leg?', [`10000 * max(hedgewatch_hedge_spread_ratio${hedgeOf('venue="all"')})`], { unit: 'suffix: bp', decimals: 2 }),
    stat('Depth gone', 'Which share of the usual depth is missing? Unknown for the first half hour.', [`max(hedgewatch_depth_evaporation_ratio${hedgeOf('venue="all"')})`], { limits: [[0.5, orange], [0.8, red]], base: green, decimals: 0 }),
    stat('Basis outlier', 'Is the basis more than four deviations and 10 bp from its mean?', [`max(hedgewatch_basis_outlier${hedge})`], { id: 141, alerts: ['BasisOutlier'], words: yesWarns }),
    lines('Cost of flattening', 'What does getting out cost, of the delta now and after an hour’s sigma?', [
      [`10000 * max by (demand) (hedgewatch_flatten_slippage_ratio${hedgeOf('venue="all"')})`, '{{demand}}'],
    ], { unit: 'suffix: bp', w: 8, min: 0, decimals: 2 }),
    lines('Depth near the mid', 'How much rests within the configured distance, by side?', [
      [`max by (side) (hedgewatch_depth_usd${hedgeOf('venue="all"')})`, '{{side}}'],
    ], { w: 8, min: 0 }),
    table('Getting out, by venue', 'Where can it be traded? filled below 100 %: the visible book does not take it all.', [
      [`max by (venue, demand) (hedgewatch_flatten_fillable_ratio${hedgeOf('venue=~"$venue|all"')})`, 'fillable', { base: red, limits: [[0.5, 'transparent']], decimals: 0 }],
      [`max by (venue, demand) (hedgewatch_flatten_filled_ratio${hedgeOf('venue=~"$venue|all"')})`, 'filled', { decimals: 0 }],
      [`max by (venue, demand) (hedgewatch_flatten_cost_usd${hedgeOf('venue=~"$venue|all"')})`, 'cost', { decimals: 2 }],
    ], { w: 8, h: 8, sort: 'venue' }),
    heading('At what basis, and for what carry?'),
    lines('Basis of the named leg', 'Is the leg still tied to what it hedges?', [[`10000 * max by (venue, tenor) (hedgewatch_basis_ratio${hedge})`, '{{venue}} {{tenor}}']], { w: 7, unit: 'suffix: bp', decimals: 2 }),
    lines('How unusual the basis is', 'Deviations from the bars before; an outlier is beyond 4 and 10 bp.', [[`max by (venue, tenor) (hedgewatch_basis_zscore${hedge})`, '{{venue}} {{tenor}}']],
      { w: 7, base: orange, limits: [[-4, 'transparent'], [4, orange]], decimals: 1 }),
    table('Basis and carry', 'What does holding the leg earn a day, and what does protection cost for each dollar of deviation removed?', [
      [`max by (venue, tenor) (hedgewatch_basis_usd${hedge})`, 'basis', { decimals: 2 }],
      [`10000 * max by (venue, tenor) (hedgewatch_funding_rate_8h_ratio${hedge})`, 'funding 8 h', { unit: 'suffix: bp', decimals: 3 }],
      [`max by (venue, tenor) (hedgewatch_carry_usd_per_day${hedge})`, 'carry a day', { decimals: 2 }],
      [`max by (venue, tenor) (hedgewatch_carry_per_sigma_removed${hedge})`, 'per sigma', { unit: 'short', decimals: 4 }],
      [`max by (venue, tenor) (hedgewatch_basis_volatility_ratio${hedge})`, 'basis vol', { decimals: 2 }],
    ], { w: 10, h: 8, sort: 'tenor' }),
    heading('What market is this?'),
    [
      stat('Regime', 'Which regime holds?', ['max by (regime) (hedgewatch_regime{underlying=~"$underlying"}) == 1', '{{regime}}'], { id: 142, alerts: ['RegimeStressed', 'RegimeDislocated'], w: 6, h: 4, unit: 'short', named: true, limits: [[0.5, 'blue']] }),
      stat('Limit multiplier', 'Which share of a limit does the regime leave? Advice: no limit moves by itself.', ['max(hedgewatch_regime_limit_multiplier_ratio{underlying=~"$underlying"})'],
        { w: 6, h: 4, limits: [[0.5, orange], [1, green]], base: red, decimals: 0 }),
    ],
    lines('Realised and implied vol', 'Does the market move as much as the options say?', [
      ['max by (underlying) (hedgewatch_underlying_realized_vol_ratio{underlying=~"$underlying"})', 'realised'],
      ['max by (underlying) (hedgewatch_underlying_implied_vol_ratio{underlying=~"$underlying"})', 'implied'],
    ], { w: 9, h: 8, min: 0, decimals: 1 }),
    lines('Index', 'The spot that dollars are counted at.', [['max by (underlying) (hedgewatch_index_price_usd{underlying=~"$underlying"})', '{{underlying}}']], { w: 9, h: 8 }),
    stat('Variance premium', 'Positive pays who is short gamma.', ['max(hedgewatch_variance_premium{underlying=~"$underlying"})'], { w: 8, h: 4, decimals: 3 }),
    stat('Fast over slow vol', 'Above 1 it is getting livelier.', ['max(hedgewatch_vol_ratio{underlying=~"$underlying"})'], { w: 8, h: 4, unit: 'short', decimals: 2 }),
    stat('Jumps', 'Above 3 the variance came by jumps, which no delta hedge follows.', ['max(hedgewatch_jump_zscore{underlying=~"$underlying"})'], { id: 143, alerts: ['JumpSeen'], w: 8, h: 4, limits: [[3, orange]], base: green, decimals: 1 }),
    lines('Age of the books and quotes', 'How old is the newest market data of each instrument that is held or watched?',
      [['max by (venue, instrument) (hedgewatch_data_age_seconds{venue=~"$venue",instrument!~".*-[CP]"})', '{{venue}} {{instrument}}']], { w: 12, limits: [[60, red]], min: 0 }),
    unknownFigures('Which of these figures cannot be told, and why?', 'figure=~"hedgewatch_(flatten|depth|basis|funding|carry|regime|underlying|variance|vol|jump|hedge_spread).*"', { w: 12 }),
  ],
};

const since = (name) => `{book=~"$book",since="${name}"}`;
const profit = {
  uid: 'hedgewatch-profit',
  title: 'P&L explain',
  answers: 'Where a book’s profit comes from, since 08:00 UTC, since the record began and over the last 24 hours; and what nothing explains.',
  variables: ['book'],
  panels: [
    table('By component', 'What was earned, and by what: since 08:00 UTC, over the last 24 hours, since the record began? A gain is positive.', [
      [`max by (component) (hedgewatch_pnl_usd${since('session')})`, 'session', { decimals: 0, signed: true }],
      [`max by (component) (hedgewatch_pnl_usd${since('window')})`, '24 hours', { decimals: 0, signed: true }],
      [`max by (component) (hedgewatch_pnl_usd${since('designation')})`, 'since the record began', { decimals: 0, signed: true }],
    ], { w: 12, h: 15, sort: 'component' }),
    [
      lines('Unexplained share', 'Are the Greeks to be believed? Above 20 % for five minutes it warns.', [
        [`max by (since) (hedgewatch_pnl_unexplained_ratio{book=~"$book"})`, '{{since}}'],
      ], { id: 150, alerts: ['ProfitUnexplained'], w: 12, h: 8, min: 0, limits: [[0.2, orange]], decimals: 0 }),
      lines('Collateral', 'What did the coin that the book owns gain by its own price this session?', [[`max(hedgewatch_pnl_usd{book=~"$book",since="session",component="collateral"})`, 'collateral']], { w: 12, h: 7, decimals: 0 }),
    ],
    bars('Session loss', 'Which share of the equity has been lost since 08:00 UTC? It pages above 3 %; a gain is below zero and has no bar.',
      [[`max by (book) (hedgewatch_session_loss_ratio{book=~"$book|\\\\(all\\\\)"})`, '{{book}}']],
      { id: 151, alerts: ['SessionLoss', 'SessionLossUnknown'], w: 24, h: 5, min: 0, max: 0.05, limits: [[0.02, orange], [0.03, red]], decimals: 2 }),
    lines('Session, over time', 'When was it earned or lost? Collateral stands above, for it dwarfs the rest.',
      [[`max by (component) (hedgewatch_pnl_usd{book=~"$book",since="session",component!="collateral"})`, '{{component}}']], { w: 24, h: 11, legend: 'right', decimals: 0 }),
    unknownFigures('Why is a component unknown?', 'figure=~"hedgewatch_(pnl|session).*"', { w: 12 }),
    lines('Age of what it is made of', 'How old is the oldest market data of anything that is held?',
      [['max by (book) (hedgewatch_position_size{book=~"$book"} * 0 + on (venue, instrument) group_left () hedgewatch_data_age_seconds)', '{{book}}']], { w: 12, min: 0, unit: 's', limits: [[60, red]] }),
  ],
};

const rate = (figure, more = '') => `rate(${figure}{venue=~"$venue"${more}}[$__rate_interval])`;
/** Nothing where nothing was measured: the comparison drops the NaN. */
const quantile = (q, figure, by = '', matcher = '') =>
  `histogram_quantile(${q}, sum by (le${by}) (rate(${figure}_bucket${matcher}[$__rate_interval]))) >= 0`;
const feeds = {
  uid: 'hedgewatch-feeds',
  title: 'Feeds and engine',
  answers: 'Can what is shown be believed: are the feeds alive and whole, is the engine in time, do alerts get out?',
  variables: ['venue+'],
  panels: [
    stat('Daemon answers', 'Does Prometheus reach hedgewatch? No: nothing is watched.', ['max(up{job="hedgewatch"})'],
      { id: 162, alerts: ['HedgewatchDown', 'HedgewatchHeartbeat'], unit: 'short', words: yesIsGood, noValue: 'NO' }),
    stat('Engine answers', 'Did the engine hand over its table for the newest scrape?', ['min(hedgewatch_engine_answered)'], { words: yesIsGood }),
    stat('Engine stalled for', 'How long since it last ended a cycle?', ['max(hedgewatch_engine_stall_seconds)'], { id: 163, alerts: ['EngineStalled'], limits: [[1, orange], [3, red]], base: green, decimals: 2 }),
    stat('Alerts not accepted', 'Is a receiver behind? Then a page may not have gone out.', ['max by (receiver) (hedgewatch_alert_receiver_behind)'], { words: yesIsBad, noValue: 'unknown, or no receiver' }),
    stat('Configuration in force', 'Is the newest configuration given the one in force?', ['min(hedgewatch_config_last_reload_successful)'], { words: yesIsGood }),
    stat('Version', 'What is running?', ['max by (version) (hedgewatch_build_info)', '{{version}}'], { unit: 'short', named: true }),
    bars('Connection live', 'Which connection delivers nothing that can be believed?', [[`max by (venue, connection) (hedgewatch_feed_live${venue})`, '{{connection}}']],
      { id: 160, alerts: ['FeedDown'], w: 8, h: 6, min: 0, max: 1, words: yesIsGood, base: red, limits: [[0.5, green]] }),
    bars('Age of the newest market data', 'How long has each connection been silent?', [[`max by (venue, connection) (hedgewatch_feed_last_market_data_age_seconds${venue})`, '{{connection}}']],
      { w: 8, h: 6, min: 0, max: 30, limits: [[3, orange], [25, red]], decimals: 2 }),
    stat('Venue locked', 'Does the venue say that trading is locked or under maintenance? Some speak of it only when it changes.', [`max by (venue) (hedgewatch_platform_locked${venue})`, '{{venue}}'],
      { id: 161, alerts: ['VenueLocked'], w: 8, h: 6, words: yesIsBad, noValue: 'unknown: the venue has not said' }),
    lines('Frames a second', 'Is the feed as busy as usual?', [[`max by (venue, connection) (${rate('hedgewatch_feed_messages_total')})`, '{{connection}}']], { w: 8, h: 9, unit: 'ops', min: 0 }),
    lines('Lag behind the exchange', 'How late does data arrive, by the exchange’s own clock?', [
      [quantile(0.5, 'hedgewatch_feed_exchange_lag_seconds', ', connection', '{venue=~"$venue"}'), 'half, {{connection}}'],
      [quantile(0.99, 'hedgewatch_feed_exchange_lag_seconds', ', connection', '{venue=~"$venue"}'), '99 %, {{connection}}'],
    ], { w: 8, h: 9, min: 0, limits: [[3, red]] }),
    lines('Breaks', 'Gaps, resyncs and reconnects a minute: a few are usual, a storm is not.', [
      [`60 * max by (connection) (${rate('hedgewatch_feed_gaps_total')})`, 'gaps {{connection}}'],
      [`60 * max by (connection) (${rate('hedgewatch_feed_resyncs_total')})`, 'resyncs {{connection}}'],
      [`60 * max by (connection) (${rate('hedgewatch_feed_reconnects_total')})`, 'reconnects {{connection}}'],
    ], { id: 164, alerts: ['FeedGapStorm'], w: 8, h: 9, unit: 'short', min: 0 }),
    table('What the feeds could not use', 'Counts since the start. Anything that grows is lost information.', [
      [`max by (venue, connection) (hedgewatch_feed_refused_channels${venue})`, 'channels refused', { limits: [[1, orange]], decimals: 0 }],
      [`sum by (venue, connection) (hedgewatch_feed_decode_errors_total${venue})`, 'frames not decoded', { limits: [[1, orange]], decimals: 0 }],
      [`max by (venue, connection) (hedgewatch_feed_refused_fields_total${venue})`, 'numbers refused', { limits: [[1, orange]], decimals: 0 }],
      [`max by (venue, connection) (hedgewatch_feed_error_replies_total${venue})`, 'error replies', { limits: [[1, orange]], decimals: 0 }],
      [`max by (venue, connection) (hedgewatch_feed_lost_events_total${venue})`, 'events lost', { limits: [[1, red]], decimals: 0 }],
      [`max by (venue, connection) (hedgewatch_feed_conflated_total${venue})`, 'conflated', { decimals: 0 }],
      [`max by (venue, connection) (hedgewatch_feed_clock_skew_seconds${venue})`, 'clock skew', { unit: 's' }],
    ], { w: 24, h: 6, sort: 'connection' }),
    heading('The engine'),
    lines('Frame to figure', 'How long from a frame’s arrival to the table that holds its effect?', [
      [quantile(0.5, 'hedgewatch_tick_to_figure_seconds'), 'half'],
      [quantile(0.99, 'hedgewatch_tick_to_figure_seconds'), '99 %'],
    ], { w: 8, h: 9, log: true }),
    lines('Engine cycle', 'How long does one cycle take?', [
      [quantile(0.5, 'hedgewatch_engine_cycle_seconds'), 'half'],
      [quantile(0.99, 'hedgewatch_engine_cycle_seconds'), '99 %'],
    ], { w: 8, h: 9, log: true }),
    lines('Queue', 'How many events wait, and how many ever did?', [
      ['max(hedgewatch_queue_depth)', 'waiting'],
      [`max by (connection) (hedgewatch_queue_high_water${venue})`, 'most ever, {{connection}}'],
    ], { w: 8, h: 9, min: 0 }),
    lines('Alert delivery', 'How long until a receiver has accepted a change? 99 % of the last hour.', [
      ['histogram_quantile(0.99, sum by (le) (rate(hedgewatch_alert_delivery_seconds_bucket[1h]))) >= 0', '99 %'],
    ], { w: 8, h: 9 }),
    lines('Alert posts', 'Are alerts accepted? Failures are pages that did not get out at once.', [
      ['max by (receiver) (rate(hedgewatch_alert_deliveries_total[1m]))', 'accepted by {{receiver}}'],
      ['max by (receiver) (rate(hedgewatch_alert_delivery_failures_total[1m]))', 'failed at {{receiver}}'],
    ], { w: 8, h: 9, unit: 'ops', min: 0 }),
    lines('Journal', 'Is everything kept? How old is the oldest event that is not yet written?', [['max(max_over_time(hedgewatch_journal_lag_seconds[$__rate_interval]))', 'waiting for']], { id: 165, alerts: ['JournalBehind'], w: 8, h: 9, min: 0, limits: [[10, orange]] }),
    stat('Journal events lost', 'Events that the journal had no room for.', ['max(hedgewatch_journal_lost_events_total)'], { limits: [[1, orange]], base: green, decimals: 0, noValue: 'unknown, or no journal' }),
    stat('Events dropped', 'Events that the engine could not use or keep, for any reason.', ['sum(hedgewatch_engine_drops_total)'], { limits: [[1, orange]], base: green, decimals: 0 }),
    stat('Series', 'How many figures have a value?', ['max(hedgewatch_series)'], { decimals: 0 }),
    stat('Memory', 'Resident memory of the daemon.', ['max(process_resident_memory_bytes{job="hedgewatch"})']),
    stat('Processor', 'How many processors are busy with it?', ['max(rate(process_cpu_seconds_total{job="hedgewatch"}[1m]))'], { unit: 'short', decimals: 2 }),
    stat('Running for', 'Since when does this process run?', ['time() - max(process_start_time_seconds{job="hedgewatch"})'], { unit: 's', decimals: 0 }),
  ],
};

/** A board whose panels the links of alerts and panels lead to. */
function runbookBoard(runbooks) {
  return {
    uid: 'hedgewatch-runbooks',
    title: 'Runbooks',
    answers: 'What each alert means, where to look first, what to do, and how to silence it.',
    variables: [],
    panels: runbooks.map(({ alert, text: content }) => text(alert, content, { id: runbookPanel(alert), w: 12, h: 16 })),
  };
}

/** runbooks: [{alert, text}] */
export const boards = (runbooks) => [
  overview(runbooks.map(({ alert }) => alert)), hedgeBoard, books, scenarios, accounts, liquidity, profit, feeds, runbookBoard(runbooks),
];

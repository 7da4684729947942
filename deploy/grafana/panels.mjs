// Turns short descriptions of boards into Grafana's dashboard JSON. What a panel shows stands in boards.mjs; how it looks stands here.

const kColumns = 24;
const source = { type: 'prometheus', uid: '${datasource}' };

/** A figure's unit in Grafana's words, from the end of its name, as the catalogue writes names. */
export function unitOf(figure) {
  const name = figure.replace(/_(bucket|sum|count)$/, '');
  if (/_usd(_per_|$)/.test(name)) return 'currencyUSD';
  if (/_coins(_per_|$)/.test(name)) return 'suffix: coins';
  if (/_ratio$/.test(name)) return 'percentunit';
  if (/_seconds(_|$)/.test(name)) return 's';
  if (/_bytes$/.test(name)) return 'bytes';
  if (/_zscore$/.test(name)) return 'suffix: σ';
  if (/_vol_points$/.test(name)) return 'suffix: points';
  return 'short';
}

/** The figures that an expression reads, in order, each once. */
export function figuresOf(expression) {
  const bare = expression.replace(/"[^"]*"/g, '""');
  return [...new Set(bare.match(/\b(hedgewatch|process)_\w+/g) ?? [])];
}

/** [{limit, color}] as threshold steps; below the first limit it is `base`. */
function thresholds(base, limits = []) {
  return {
    mode: 'absolute',
    steps: [{ color: base, value: null }, ...limits.map(([value, color]) => ({ color, value }))],
  };
}

function target(refId, [expr, legend], instant, table) {
  return {
    refId,
    datasource: source,
    expr,
    legendFormat: legend ?? '',
    editorMode: 'code',
    range: !instant,
    instant,
    ...(table ? { format: 'table' } : {}),
  };
}

const refIds = 'ABCDEFGHIJKLMNOP';

function common(type, title, says, queries, options) {
  const instant = type !== 'timeseries';
  return {
    key: options.id,
    alerts: options.alerts ?? [],
    width: options.w ?? 12,
    height: options.h ?? 8,
    says,
    json: {
      type,
      title,
      datasource: source,
      targets: queries.map((query, i) => target(refIds[i], query, instant, type === 'table')),
      fieldConfig: {
        defaults: {
          unit: options.unit ?? unitOf(figuresOf(queries[0][0])[0] ?? ''),
          ...(options.decimals !== undefined ? { decimals: options.decimals } : {}),
          ...(options.min !== undefined ? { min: options.min } : {}),
          ...(options.max !== undefined ? { max: options.max } : {}),
          noValue: options.noValue ?? 'unknown',
          color: { mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' },
          thresholds: thresholds(options.base ?? 'green', options.limits),
          ...(options.words ? { mappings: [{ type: 'value', options: words(options.words) }] } : {}),
        },
        overrides: [],
      },
    },
  };
}

/** {1: ['yes', 'green']}: words for numbers. */
function words(map) {
  return Object.fromEntries(
    Object.entries(map).map(([value, [text, color]], index) => [value, { text, index, ...(color ? { color } : {}) }]),
  );
}

/** In a table what is well has no colour, so that what is not stands out. */
const quietly = (map) =>
  Object.fromEntries(Object.entries(map).map(([value, [text, color]]) => [value, [text, color === 'green' ? 'transparent' : color]]));

function override(pattern, properties) {
  return {
    matcher: { id: 'byRegexp', options: pattern },
    properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
  };
}

/** Lines over time. Gaps stay gaps. Series named like /limit/ are drawn as limits. */
export function lines(title, says, queries, options = {}) {
  const panel = common('timeseries', title, says, queries, options);
  const { defaults, overrides } = panel.json.fieldConfig;
  defaults.custom = {
    drawStyle: 'line',
    lineInterpolation: options.steps ? 'stepAfter' : 'linear',
    lineWidth: 2,
    fillOpacity: options.stacked ? 40 : 0,
    showPoints: 'never',
    spanNulls: false,
    axisPlacement: 'auto',
    stacking: { mode: options.stacked ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: options.limits ? 'dashed' : 'off' },
    ...(options.log ? { scaleDistribution: { type: 'log', log: 10 } } : {}),
  };
  const dashed = { 'custom.lineStyle': { fill: 'dash', dash: [8, 8] }, 'custom.lineWidth': 1, 'custom.fillOpacity': 0 };
  if (queries.some(([, legend]) => /limit/.test(legend))) {
    overrides.push(override('/hard limit/', { color: { mode: 'fixed', fixedColor: 'red' }, ...dashed }));
    overrides.push(override('/soft limit/', { color: { mode: 'fixed', fixedColor: 'orange' }, ...dashed }));
  }
  if (queries.some(([, legend]) => /band|bound/.test(legend)))
    overrides.push(override('/band|bound/', { color: { mode: 'fixed', fixedColor: 'blue' }, ...dashed }));
  panel.json.options = {
    legend: { displayMode: 'table', placement: options.legend ?? 'bottom', showLegend: true, calcs: ['last', 'min', 'max'] },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
  return panel;
}

const now = { calcs: ['lastNotNull'], fields: '', values: false };

/** What holds now, large. An instant query: a series that is gone is unknown, not the last that was seen. */
export function stat(title, says, query, options = {}) {
  const panel = common('stat', title, says, [query], { w: 4, h: 4, base: 'text', ...options });
  panel.json.options = {
    colorMode: options.limits || options.words ? 'background' : 'value',
    graphMode: 'none',
    justifyMode: 'auto',
    orientation: 'auto',
    textMode: options.named ? 'name' : query[1] ? 'value_and_name' : 'value',
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: 'standard',
    reduceOptions: now,
  };
  return panel;
}

/** One bar a series, now. */
export function bars(title, says, queries, options = {}) {
  const panel = common('bargauge', title, says, queries, options);
  panel.json.options = {
    displayMode: 'basic',
    orientation: 'horizontal',
    valueMode: 'color',
    namePlacement: 'left',
    showUnfilled: true,
    sizing: 'auto',
    text: { titleSize: 14, valueSize: 18 },
    minVizWidth: 8,
    minVizHeight: 16,
    maxVizHeight: 300,
    legend: { showLegend: false, displayMode: 'list', placement: 'bottom', calcs: [] },
    reduceOptions: now,
  };
  return panel;
}

/** Labels whose values are long, in pixels. */
const kWide = { instrument: 200, reason: 130, figure: 350, scope: 250, kind: 190, alert: 240, expiry: 170 };

/** One row a series, now; columns: [expression, heading, {unit, limits, words}]. Queries meet in rows by their labels. */
export function table(title, says, columns, options = {}) {
  const panel = common('table', title, says, columns.map(([expr]) => [expr]), { base: 'text', unit: '', ...options });
  const { defaults, overrides } = panel.json.fieldConfig;
  delete defaults.unit;  // labels that look like numbers are words all the same
  defaults.custom = { align: 'auto', cellOptions: { type: 'auto' }, inspect: false, minWidth: 80 };
  const single = columns.length === 1;
  const rename = Object.fromEntries(columns.map(([, heading], i) => [single ? 'Value' : `Value #${refIds[i]}`, heading ?? '']));
  const hidden = Object.fromEntries(['Time', ...(options.hide ?? []), ...(columns[0][1] ? [] : ['Value'])].map((name) => [name, true]));
  const labels = options.order ?? columns[0][0].match(/by \(([^)]*)\)/)[1].split(', ');
  const order = Object.fromEntries([...labels, ...Object.keys(rename)].map((name, index) => [name, index]));
  panel.json.transformations = [
    ...(single ? [] : [{ id: 'merge', options: {} }]),
    { id: 'organize', options: { excludeByName: hidden, includeByName: {}, indexByName: order, renameByName: { ...rename, ...options.rename } } },
    ...(options.numbers ? [{ id: 'convertFieldType', options: { fields: {}, conversions: options.numbers.map((name) => ({ targetField: name, destinationType: 'number' })) } }] : []),
    ...(options.sort ? [{ id: 'sortBy', options: { fields: {}, sort: [{ field: options.sort, desc: false }] } }] : []),
  ];
  for (const name of options.unseen ?? [])
    overrides.push({ matcher: { id: 'byName', options: name }, properties: [{ id: 'custom.hideFrom', value: { viz: true, legend: false, tooltip: false } }] });
  for (const name of labels)
    if (kWide[name]) overrides.push({ matcher: { id: 'byName', options: name }, properties: [{ id: 'custom.width', value: kWide[name] }] });
  columns.forEach(([expr, heading, look = {}]) => {
    if (!heading) return;
    const signed = look.signed ? [[-0.005, 'text'], [0.005, 'green']] : undefined;
    const colored = look.limits || look.words;
    overrides.push({
      matcher: { id: 'byName', options: heading },
      properties: [
        { id: 'unit', value: look.unit ?? unitOf(figuresOf(expr)[0]) },
        ...(look.decimals !== undefined ? [{ id: 'decimals', value: look.decimals }] : []),
        ...(colored ? [{ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } }] : []),
        ...(signed ? [{ id: 'custom.cellOptions', value: { type: 'color-text' } }, { id: 'thresholds', value: thresholds('red', signed) }] : []),
        ...(colored ? [{ id: 'thresholds', value: thresholds(look.base ?? 'transparent', look.limits) }] : []),
        ...(look.words ? [{ id: 'mappings', value: [{ type: 'value', options: words(quietly(look.words)) }] }] : []),
      ],
    });
  });
  for (const [name, map] of Object.entries(options.marks ?? {}))
    overrides.push({
      matcher: { id: 'byName', options: name },
      properties: [
        { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
        { id: 'thresholds', value: thresholds('transparent') },
        { id: 'mappings', value: [{ type: 'value', options: words(map) }] },
      ],
    });
  for (const [heading, link] of Object.entries(options.links ?? {}))
    overrides.push({ matcher: { id: 'byName', options: heading }, properties: [{ id: 'links', value: [link] }] });
  panel.json.options = { frameIndex: 0, showHeader: true, cellHeight: 'sm' };
  return panel;
}

/** A square of figures: one label down, one across, coloured from red (low) to green (high). */
export function matrix(title, says, expr, down, across, options = {}) {
  const panel = common('table', title, says, [[expr]], options);
  panel.json.fieldConfig.defaults.custom = { align: 'center', cellOptions: { type: 'color-background', mode: 'basic' }, inspect: false };
  panel.json.fieldConfig.overrides = [
    {
      matcher: { id: 'byName', options: `${down}\\${across}` },
      properties: [
        { id: 'custom.cellOptions', value: { type: 'auto' } },
        { id: 'unit', value: 'percentunit' },
        { id: 'displayName', value: options.corner ?? down },
      ],
    },
  ];
  panel.json.transformations = [
    { id: 'convertFieldType', options: { fields: {}, conversions: [{ targetField: down, destinationType: 'number' }] } },
    { id: 'sortBy', options: { fields: {}, sort: [{ field: down, desc: false }] } },
    { id: 'groupingToMatrix', options: { columnField: across, rowField: down, valueField: 'Value', emptyValue: 'null' } },
  ];
  panel.json.options = { frameIndex: 0, showHeader: true, cellHeight: 'sm' };
  return panel;
}

/** Markdown that stands still. */
export function text(title, content, options = {}) {
  return {
    key: options.id,
    alerts: [],
    width: options.w ?? 12,
    height: options.h ?? 12,
    says: '',
    json: { type: 'text', title, options: { mode: 'markdown', content, code: { language: 'plaintext', showLineNumbers: false, showMiniMap: false } } },
  };
}

/** A heading; what follows begins a new line. */
export function heading(title) {
  return { key: undefined, alerts: [], width: kColumns, height: 1, says: '', json: { type: 'row', title, collapsed: false, panels: [] } };
}

const variables = {
  hedge: ['Hedge', 'label_values(hedgewatch_hedge_target_ratio, hedge)'],
  book: ['Book', 'label_values(hedgewatch_book_coverage_ratio, book)'],
  underlying: ['Underlying', 'label_values(hedgewatch_book_coverage_ratio, underlying)'],
  venue: ['Venue', 'label_values(hedgewatch_feed_live, venue)'],
};

/** `name` alone chooses one value; `name+` chooses several, and all at first. */
function variable(spec) {
  const several = spec.endsWith('+');
  const name = spec.replace('+', '');
  const [label, query] = variables[name];
  return {
    name,
    label,
    type: 'query',
    datasource: source,
    query: { query, refId: `variable-${name}` },
    refresh: 2,
    sort: 1,
    regex: '',
    hide: 0,
    skipUrlSync: false,
    multi: several,
    includeAll: several,
    ...(several ? { allValue: '.+', current: { text: 'All', value: '$__all' } } : { current: { text: '', value: '' } }),
    options: [],
  };
}

/** The small stable number that links name a runbook's panel by. */
export function runbookPanel(alert) {
  let hash = 7;
  for (const c of alert) hash = (hash * 31 + c.charCodeAt(0)) % 99_991;
  return 1_000 + hash;
}

/** Left to right, then down; what does not fit begins a new line below the tallest of the one before. An array is a column. */
function place(items) {
  let x = 0;
  let y = 0;
  let tallest = 0;
  const placed = [];
  for (const item of items) {
    const column = [item].flat();
    const width = Math.max(...column.map((panel) => panel.width));
    if (x + width > kColumns || column[0].json.type === 'row') {
      x = 0;
      y += tallest;
      tallest = 0;
    }
    let height = 0;
    for (const panel of column) {
      placed.push({ panel, gridPos: { x, y: y + height, w: width, h: panel.height } });
      height += panel.height;
    }
    x += width;
    tallest = Math.max(tallest, height);
  }
  return placed;
}

/** catalogue: Map from a figure's name to its help. alerts: those that have a runbook. */
export function dashboard(board, catalogue, alerts) {
  let nextId = 1;
  const panels = place(board.panels).map(({ panel, gridPos }) => {
    const figures = [...new Set((panel.json.targets ?? []).flatMap(({ expr }) => figuresOf(expr)))];
    const help = figures.filter((name) => catalogue.has(name)).map((name) => `- \`${name}\`: ${catalogue.get(name)}`);
    const description = [panel.says, ...(help.length ? [help.join('\n')] : [])].filter(Boolean).join('\n\n');
    const links = panel.alerts.filter((alert) => alerts.includes(alert)).map((alert) => ({
      title: `Runbook: ${alert}`,
      type: 'link',
      icon: 'doc',
      tooltip: '',
      tags: [],
      asDropdown: false,
      includeVars: false,
      keepTime: false,
      url: `/d/hedgewatch-runbooks?viewPanel=${runbookPanel(alert)}`,
      targetBlank: true,
    }));
    return {
      id: panel.key ?? nextId++,
      gridPos,
      ...(description ? { description } : {}),
      ...(links.length ? { links } : {}),
      ...panel.json,
    };
  });
  return {
    uid: board.uid,
    title: `hedgewatch / ${board.title}`,
    description: board.answers,
    tags: ['hedgewatch'],
    schemaVersion: 42,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: 'utc',
    time: { from: board.from ?? 'now-30m', to: 'now' },
    refresh: '5s',
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: { text: 'hedgewatch', value: 'hedgewatch' }, hide: 0, regex: '', refresh: 1,
          includeAll: false, multi: false, options: [], skipUrlSync: false },
        ...board.variables.map(variable),
      ],
    },
    annotations: {
      list: [
        {
          name: 'Pages',
          datasource: source,
          enable: true,
          hide: false,
          iconColor: 'red',
          expr: 'hedgewatch_alert_state{severity="page",state="firing"} == 1',
          titleFormat: '{{alert}}',
        },
      ],
    },
    links: [
      { title: 'hedgewatch', type: 'dashboards', icon: 'external link', tooltip: '', url: '', tags: ['hedgewatch'], asDropdown: false,
        targetBlank: false, includeVars: true, keepTime: true },
    ],
    panels,
  };
}

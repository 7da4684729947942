// The table of what the benchmark programs measured. `tests/bench/run` says how it is called.
// Rows whose time is that of our side alone run ten times as long as they say: their peers take the rest.
// A program reports counters; beside a counter NAME it may state
//   NAME_target   to be reached: judged by --check, as both sides of a ratio were measured in turn in one process
//   NAME_aim      not to be exceeded, or NAME_least not to be fallen short of, on a quiet machine: printed, not judged
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPlot } from './load_plot.mjs';

const source = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const longForm = { seconds: 0.1, repetitions: 3, attempts: 1 };
const shortForm = { seconds: 0.1, repetitions: 1, attempts: 3 };
/** Which of the stated targets a program's counters belong to. */
const groups = new Map([
  ['greeks_bench', 'G1'],
  ['implied_vol_bench', 'G2'],
  ['deribit_decoder_bench', 'G3'],
  ['venue_decoders_bench', 'G3'],
  ['event_queue_bench', 'G4'],
  ['websocket_bench', 'G5'],
  ['exposition_bench', 'G6'],
  ['tick_to_table_bench', 'G7'],
  ['sustained_bench', 'G8'],
  ['load_bench', 'G9'],
]);
const notOfThisMachine = 'this machine does not run it';
const unjudged = ['_target', '_aim', '_least'];
const ownFields = new Set([
  'name', 'family_index', 'per_family_instance_index', 'run_name', 'run_type', 'repetitions', 'repetition_index', 'threads', 'iterations',
  'real_time', 'cpu_time', 'time_unit', 'items_per_second', 'bytes_per_second', 'label', 'error_occurred', 'error_message',
  'aggregate_name', 'aggregate_unit',
]);

function options(words) {
  const result = { check: false, build: join(source, 'build/release'), markdown: null, json: null, plot: null, programs: [] };
  for (let i = 0; i < words.length; ++i) {
    if (words[i] === '--check') result.check = true;
    else if (['--build', '--markdown', '--json', '--plot'].includes(words[i]) && i + 1 < words.length) {
      const name = words[i].slice(2);
      result[name] = resolve(words[++i]);
    } else if (words[i].startsWith('-')) {
      console.error(readFileSync(join(source, 'tests/bench/run'), 'utf8').match(/^# usage:(.*\n#.*)*/m)[0].replaceAll('# ', ''));
      process.exit(2);
    } else result.programs.push(basename(words[i]));
  }
  return result;
}

/** The first line that a program prints; empty when it cannot be asked. */
function firstLine(program, ...words) {
  const answer = spawnSync(program, words, { encoding: 'utf8', cwd: source });
  return answer.status === 0 ? answer.stdout.split('\n')[0] : '';
}

function machine(build) {
  const cache = existsSync(join(build, 'CMakeCache.txt')) ? readFileSync(join(build, 'CMakeCache.txt'), 'utf8') : '';
  const setting = (name) => cache.match(new RegExp(`^${name}:[A-Z]+=(.*)$`, 'm'))?.[1] ?? '';
  const flags = readFileSync('/proc/cpuinfo', 'utf8').match(/^flags\s*:\s*(.*)$/m)?.[1].split(' ') ?? [];
  return {
    time: new Date().toISOString(),
    commit: firstLine('git', 'rev-parse', '--short=12', 'HEAD'),
    processor: cpus()[0].model.trim(),
    processors: cpus().length,
    vector_flags: flags.filter((flag) => /^(sse4_2|avx|avx2|fma|avx512[a-z]+)$/.test(flag)).join(' '),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    compiler: firstLine(setting('CMAKE_CXX_COMPILER') || 'c++', '--version'),
    build: `${setting('CMAKE_BUILD_TYPE')} ${setting('CMAKE_CXX_FLAGS')}`.trim(),
    load_before: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

function median(numbers) {
  const sorted = numbers.filter((number) => Number.isFinite(number)).sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.floor(sorted.length / 2)];
}

/** The rows of one program: medians over the repetitions of each benchmark. */
function measure(build, program, form) {
  const words = [`--benchmark_min_time=${form.seconds}`, `--benchmark_repetitions=${form.repetitions}`, '--benchmark_format=json'];
  const run = spawnSync(join(build, 'tests/bench', program), words, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  let benchmarks = [];
  try {
    // Google Benchmark writes numbers that JSON does not have, such as the spread of a counter that is 0.
    benchmarks = JSON.parse(run.stdout.replace(/: -?(nan|inf(inity)?)\b/gi, ': null')).benchmarks;
  } catch {
    benchmarks = [{ name: program, run_name: program, error_occurred: true, error_message: `ended with ${run.status ?? run.signal}` }];
  }
  const rows = new Map();
  for (const one of benchmarks) {
    if (one.run_type === 'aggregate') continue;
    const row = rows.get(one.run_name) ?? { program, name: one.run_name, samples: [], error: '', label: one.label ?? '' };
    if (one.error_occurred) row.error = one.error_message;
    else row.samples.push(one);
    rows.set(one.run_name, row);
  }
  return [...rows.values()].map(({ samples, ...row }) => {
    const of = (field) => median(samples.map((sample) => sample[field] ?? Number.NaN));
    const counters = {};
    for (const field of new Set(samples.flatMap(Object.keys))) if (!ownFields.has(field)) counters[field] = of(field);
    return {
      ...row,
      group: groups.get(program) ?? '',
      time: of('real_time'),
      time_unit: samples[0]?.time_unit ?? '',
      items_per_second: of('items_per_second'),
      bytes_per_second: of('bytes_per_second'),
      counters,
      command: `build/release/tests/bench/${program} --benchmark_filter='^${row.name.replace(/(\/iterations:\d+)?(\/(manual_time|real_time))?$/, '')}'`,
    };
  });
}

const ccxtRatio = 35;

/** ccxt's folder of packages, where npm can bring it; null elsewhere. */
function ccxtPackages(build) {
  const folder = join(build, 'bench_ccxt');
  if (existsSync(join(folder, 'node_modules/ccxt'))) return folder;
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(source, 'tests/bench/ccxt/package.json'), join(folder, 'package.json'));
  const words = ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--silent'];
  spawnSync('npm', words, { cwd: folder, timeout: 120_000 });
  return existsSync(join(folder, 'node_modules/ccxt')) ? folder : null;
}

/** The decoder beside ccxt, which runs in a process of its own, in turn: a round asks both. */
function besideCcxt(build, form) {
  const row = { program: 'deribit_decoder_bench', name: 'option_ticker/beside_ccxt', group: 'G3', error: '', label: '', time: null, time_unit: '', items_per_second: null, bytes_per_second: null, counters: {}, command: 'tests/bench/run deribit_decoder_bench' };
  const packages = ccxtPackages(build);
  if (!packages) return { ...row, label: 'npm brings no ccxt here' };
  const ratios = [];
  const theirs = [];
  for (let round = 0; round < 3; ++round) {
    const script = [join(source, 'tests/bench/ccxt/ticker.mjs'), packages, join(source, 'tests/data/deribit/ticker_option.json'), String(form.seconds * 3_000)];
    const ccxt = Number.parseFloat(spawnSync(process.execPath, script, { encoding: 'utf8' }).stdout);
    const words = [`--benchmark_min_time=${form.seconds}`, '--benchmark_filter=as_written', '--benchmark_format=json'];
    const ours = JSON.parse(spawnSync(join(build, 'tests/bench/deribit_decoder_bench'), words, { encoding: 'utf8' }).stdout || '{}').benchmarks?.[0]?.ours_ns;
    ratios.push(ccxt / ours);
    theirs.push(ccxt);
  }
  const ratio = median(ratios);
  if (ratio === null) return { ...row, error: 'ccxt no longer reads the frame' };
  return { ...row, counters: { ccxt_ns: median(theirs), ccxt_ratio: ratio, ccxt_ratio_target: ccxtRatio } };
}

/** The rows of one program, and of the peers that run beside it. */
function rowsOf(build, program, form) {
  const rows = measure(build, program, form);
  return program === 'deribit_decoder_bench' ? [...rows, besideCcxt(build, form)] : rows;
}

/** Every counter of a row that has a target or an aim. */
function verdicts(row) {
  return Object.entries(row.counters).flatMap(([key, limit]) => {
    const kind = unjudged.find((suffix) => key.endsWith(suffix));
    if (!kind) return [];
    const name = key.slice(0, -kind.length);
    const value = row.counters[name];
    if (value === undefined) return [];
    const holds = kind === '_aim' ? value <= limit : value >= limit;
    return [{ what: `${row.program} ${row.name} ${name}`, group: row.group, value, limit, holds, judged: kind === '_target', kind }];
  });
}

function shown(number) {
  if (number === null || number === undefined) return '';
  if (number === 0) return '0';
  const size = Math.abs(number);
  if (size >= 1e9) return `${(number / 1e9).toPrecision(3)} G`;
  if (size >= 1e6) return `${(number / 1e6).toPrecision(3)} M`;
  if (size >= 1e4) return `${(number / 1e3).toPrecision(3)} k`;
  return size >= 100 ? String(Math.round(number)) : String(Number(number.toPrecision(3)));
}

function verdictLine({ what, group, value, limit, holds, judged, kind }) {
  const word = judged ? (holds ? 'ok  ' : 'MISS') : 'see ';
  const wanted = { _target: 'target', _aim: 'aim: at most', _least: 'aim: at least' }[kind];
  return `${word} ${group.padEnd(2)} ${what}: ${shown(value)}, ${wanted} ${shown(limit)}`;
}

function check(build, programs) {
  let failed = false;
  for (const program of programs) {
    const best = new Map();
    for (let attempt = 1; attempt <= shortForm.attempts; ++attempt) {
      for (const row of rowsOf(build, program, shortForm)) {
        if (row.error) best.set(row.name, { line: `${row.error === notOfThisMachine ? 'skip' : 'MISS'} ${row.group.padEnd(2)} ${row.program} ${row.name}: ${row.error}`, holds: row.error === notOfThisMachine });
        for (const one of verdicts(row)) {
          if (!best.get(one.what)?.holds) best.set(one.what, { line: verdictLine(one), holds: one.holds || !one.judged });
        }
      }
      if ([...best.values()].every((one) => one.holds)) break;
    }
    for (const { line, holds } of best.values()) {
      console.log(line);
      failed ||= !holds;
    }
  }
  console.log(`load ${loadavg().map((load) => load.toFixed(1)).join(' ')}; ratios are medians within one run, a miss was tried ${shortForm.attempts} times`);
  return failed ? 1 : 0;
}

function markdown(facts, rows) {
  const lines = ['| fact | |', '|---|---|', ...Object.entries(facts).map(([name, value]) => `| ${name.replaceAll('_', ' ')} | ${Array.isArray(value) ? value.join(' ') : value} |`)];
  lines.push('', '| target | row | figure | measured | wanted | |', '|---|---|---|---|---|---|');
  const judged = rows.flatMap(verdicts).sort((a, b) => a.group.localeCompare(b.group));
  for (const one of judged) {
    const [program, name, counter] = one.what.split(' ');
    const wanted = `${one.kind === '_aim' ? '&le;' : '&ge;'} ${shown(one.limit)}`;
    lines.push(`| ${one.group} | ${program} ${name} | ${counter} | ${shown(one.value)} | ${wanted} | ${one.holds ? 'holds' : one.judged ? '**misses**' : 'not on this machine now'} |`);
  }
  lines.push('', '| row | time | items/s | bytes/s | figures | command |', '|---|---|---|---|---|---|');
  for (const row of rows) {
    const figures = Object.entries(row.counters).filter(([key]) => !unjudged.some((suffix) => key.endsWith(suffix)));
    const told = row.error || row.label || figures.map(([key, value]) => `${key} ${shown(value)}`).join(', ');
    lines.push(`| ${row.program} ${row.name} | ${shown(row.time)} ${row.time_unit} | ${shown(row.items_per_second)} | ${shown(row.bytes_per_second)} | ${told} | \`${row.command}\` |`);
  }
  return `${lines.join('\n')}\n`;
}

const wanted = options(process.argv.slice(2));
const there = join(wanted.build, 'tests/bench');
const all = existsSync(there) ? readdirSync(there).filter((name) => name.endsWith('_bench')).sort() : [];
const programs = wanted.programs.length > 0 ? wanted.programs : all;
if (programs.length === 0) {
  console.error(`no benchmark programs in ${there}: cmake --preset release && cmake --build --preset release`);
  process.exit(2);
}
if (wanted.check) process.exit(check(wanted.build, programs));

const facts = machine(wanted.build);
const rows = programs.flatMap((program) => {
  console.error(program);
  return rowsOf(wanted.build, program, longForm);
});
facts.load_after = loadavg().map((load) => Math.round(load * 100) / 100);
facts.repetitions = longForm.repetitions;
if (wanted.json) writeFileSync(wanted.json, `${JSON.stringify({ machine: facts, rows }, null, 1)}\n`);
const plot = loadPlot(rows);
if (wanted.plot && plot) writeFileSync(wanted.plot, plot);
const table = markdown(facts, rows);
if (wanted.markdown) writeFileSync(wanted.markdown, table);
else process.stdout.write(table);

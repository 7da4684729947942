// Draws one dashboard with the components of @grafana/ui: /?board=UID&seconds=RANGE. /prom is a Prometheus.
// Not Grafana itself: overrides are applied by the few lines below, and panel plugins' own settings beyond those used here are not.
import React, { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { lastValueFrom } from 'rxjs';
import {
  applyFieldOverrides, createTheme, dateTime, FieldType, getFieldDisplayName, getFieldDisplayValues, LoadingState, renderMarkdown, standardEditorsRegistry,
  standardFieldConfigEditorRegistry, standardTransformers, standardTransformersRegistry, ThemeContext, toDataFrame, transformDataFrame,
  type DataFrame,
} from '@grafana/data';
import { BarGauge, BigValue, GlobalStyles, PanelChrome, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

const boards = import.meta.glob('../../../deploy/grafana/dashboards/*.json', { eager: true, import: 'default' }) as Record<string, any>;
const address = new URLSearchParams(location.search);
const dash = Object.values(boards).find((board) => board.uid === address.get('board'));
const seconds = Number(address.get('seconds') ?? 900);

const theme = createTheme({ colors: { mode: 'dark' } });
standardEditorsRegistry.setInit(() => []);
standardFieldConfigEditorRegistry.setInit(() => []);
standardTransformersRegistry.setInit(() =>
  [...new Map(Object.values(standardTransformers).map((one: any) => [one.id, one])).values()].map((one: any) => ({ id: one.id, name: one.name ?? one.id, transformation: async () => one, editor: (() => null) as any, imageDark: '', imageLight: '' })) as any);

const until = Date.now();
const from = until - seconds * 1000;
const range: any = { from: dateTime(from), to: dateTime(until), raw: { from: `now-${seconds}s`, to: 'now' } };
const step = Math.max(1, Math.round(seconds / 400));

async function prometheus(path: string, parameters: Record<string, string>) {
  const answer = await (await fetch(`/prom/api/v1/${path}?${new URLSearchParams(parameters)}`)).json();
  if (answer.status !== 'success') throw new Error(answer.error);
  return answer.data;
}

const chosen: Record<string, string> = {};
const shown: Record<string, string> = {};
async function chooseVariables() {
  for (const { type, name, multi, allValue, query } of dash.templating.list) {
    if (type !== 'query') continue;
    const [, selector, label] = query.query.match(/^label_values\((.*), (\w+)\)$/);
    const values = (await prometheus('series', { 'match[]': selector })).map((one: any) => one[label]).sort();
    chosen[name] = multi ? allValue : values[0];
    shown[name] = multi ? 'All' : values[0];
  }
}
const replaced = (text: string) =>
  text.replaceAll('$__rate_interval', `${Math.max(5, 4 * step)}s`).replace(/\$(\w+)/g, (whole, name) => chosen[name] ?? whole);
const legend = (format: string, labels: any) =>
  format ? format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '') : JSON.stringify(labels);

/** Sets "custom.lineStyle" and the like. */
function setProperty(config: any, path: string, value: any) {
  const names = path.split('.');
  const last = names.pop()!;
  let at = config;
  for (const name of names) at = at[name] = { ...(at[name] ?? {}) };
  at[last] = value;
}

function withoutNulls(thresholds: any) {
  return { ...thresholds, steps: thresholds.steps.map((one: any) => ({ ...one, value: one.value ?? -Infinity })) };
}

/** What the panel's defaults and overrides say of each field. */
function configured(panel: any, frames: DataFrame[]): DataFrame[] {
  for (const frame of frames)
    for (const field of frame.fields) {
      if (field.type === FieldType.time && panel.type === 'timeseries') continue;
      const name = field.config.displayName ?? field.config.displayNameFromDS ?? field.name;
      const config: any = { ...structuredClone(panel.fieldConfig.defaults), ...field.config };
      for (const { matcher, properties } of panel.fieldConfig.overrides) {
        const hit = matcher.id === 'byName' ? name === matcher.options : new RegExp(matcher.options.replace(/^\/|\/$/g, '')).test(name);
        if (hit) for (const { id, value } of properties) setProperty(config, id, value);
      }
      config.links = undefined;
      config.thresholds = withoutNulls(config.thresholds);
      field.config = config;
      field.state = undefined;
    }
  const done = applyFieldOverrides({ data: frames, fieldConfig: { defaults: {}, overrides: [] }, replaceVariables: (text: string) => text, theme, timeZone: 'utc' });
  for (const frame of done) for (const field of frame.fields) getFieldDisplayName(field, frame, done);  // tables read what this remembers
  return done;
}

async function framesOf(panel: any): Promise<DataFrame[]> {
  let frames: DataFrame[] = [];
  for (const { refId, expr, instant, format, legendFormat } of panel.targets) {
    const query = replaced(expr);
    const data = instant
      ? await prometheus('query', { query, time: String(until / 1000) })
      : await prometheus('query_range', { query, start: String(from / 1000), end: String(until / 1000), step: String(step) });
    if (format === 'table') {
      if (data.result.length === 0) continue;
      const names = [...new Set(data.result.flatMap((one: any) => Object.keys(one.metric)))] as string[];
      frames.push(toDataFrame({ refId, fields: [
        { name: 'Time', type: FieldType.time, values: data.result.map((one: any) => one.value[0] * 1000) },
        ...names.map((name) => ({ name, type: FieldType.string, values: data.result.map((one: any) => one.metric[name] ?? '') })),
        { name: panel.targets.length > 1 ? `Value #${refId}` : 'Value', type: FieldType.number, values: data.result.map((one: any) => Number(one.value[1])) },
      ] }));
      continue;
    }
    for (const { metric, values, value } of data.result) {
      let samples = values ?? [value];
      if (values) { // a step without a sample is a gap, as Grafana's own source makes it
        const told = new Map(values.map(([time, sample]: any) => [Math.round(time * 1000), sample]));
        samples = [];
        for (let time = from; time <= until; time += step * 1000) samples.push([time / 1000, told.get(Math.round(time)) ?? null]);
      }
      frames.push(toDataFrame({ refId, fields: [
        { name: 'Time', type: FieldType.time, values: samples.map(([time]: any) => time * 1000) },
        { name: 'Value', type: FieldType.number, labels: metric, values: samples.map(([, sample]: any) => (sample === null ? null : Number(sample))),
          config: { displayNameFromDS: legend(legendFormat, metric) } },
      ] }));
    }
  }
  if (panel.transformations) frames = await lastValueFrom(transformDataFrame(panel.transformations, frames) as any);
  return configured(panel, frames);
}

const nothing = (panel: any) => <div style={{ padding: 12, color: theme.colors.text.secondary, fontSize: 16 }}>{panel.fieldConfig.defaults.noValue}</div>;

function Picture({ panel, frames, width, height }: any) {
  const rows = frames.reduce((sum: number, frame: any) => sum + frame.length, 0);
  if (rows === 0) return nothing(panel);
  const display = () => getFieldDisplayValues({ fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: (text: string) => text, theme, data: frames, timeZone: 'utc' });
  if (panel.type === 'timeseries')
    return <TimeSeries frames={frames} timeRange={range} timeZone="utc" width={width} height={height} legend={panel.options.legend} options={panel.options} structureRev={1}>{() => null}</TimeSeries> as any;
  if (panel.type === 'table') return <TableNG data={frames[0]} width={width} height={height} cellHeight={panel.options.cellHeight} structureRev={1} />;
  if (panel.type === 'stat') {
    const named = panel.options.textMode !== 'value';
    return <VizRepeater getValues={display} source={frames} width={width} height={height} itemSpacing={3} renderCounter={1} orientation={'auto' as any} autoGrid
      renderValue={({ value, width: w, height: h }: any) =>
        <BigValue value={{ ...value.display, title: named ? value.display.title : '' }} width={w} height={h} theme={theme} colorMode={panel.options.colorMode} graphMode={'none' as any}
          textMode={panel.options.textMode} />} />;
  }
  if (panel.type === 'bargauge') {
    const values = display();
    return <VizRepeater getValues={() => values} source={frames} width={width} height={height} itemSpacing={8} renderCounter={1} orientation={'horizontal' as any} minVizHeight={16} maxVizHeight={300}
      renderValue={({ value, width: w, height: h, alignmentFactors }: any) =>
        <BarGauge value={value.display} field={value.field} width={w} height={h} theme={theme} orientation={'horizontal' as any} displayMode={panel.options.displayMode} valueDisplayMode={'color' as any}
          namePlacement={'left' as any} showUnfilled={panel.options.showUnfilled} alignmentFactors={alignmentFactors} text={panel.options.text} display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)} />}
      getAlignmentFactors={() => ({ title: values.map(({ display: one }: any) => one.title).sort((a: string, b: string) => b.length - a.length)[0], text: '100.000' })} />;
  }
  throw new Error(`no picture of ${panel.type}`);
}

class Guard extends React.Component<any, any> {
  state = { fault: null as any };
  static getDerivedStateFromError(fault: any) { return { fault }; }
  render() {
    if (!this.state.fault) return this.props.children;
    console.error(this.props.title, this.state.fault);
    return <pre style={{ color: 'red', fontSize: 10 }}>{String(this.state.fault?.stack ?? this.state.fault)}</pre>;
  }
}

const kWidth = 1600;
const kRow = 38;
function App() {
  const [data, setData] = useState<any>({});
  useEffect(() => {
    (async () => {
      await chooseVariables();
      for (const panel of dash.panels) if (panel.targets) {
        const frames = await framesOf(panel).catch((fault) => { console.error(panel.title, fault); return fault; });
        setData((old: any) => ({ ...old, [panel.id]: frames }));
      }
      document.title = `ready ${Math.max(...dash.panels.map(({ gridPos }: any) => gridPos.y + gridPos.h)) * kRow + 64}`;
    })();
  }, []);
  const place = ({ x, y, w, h }: any) => ({ left: x * (kWidth / 24) + 4, top: y * kRow + 56, width: w * (kWidth / 24) - 8, height: h * kRow - 8 });
  return <ThemeContext.Provider value={theme}><GlobalStyles />
    <div style={{ position: 'absolute', left: 12, top: 10, color: theme.colors.text.primary, fontSize: 18 }}>
      <b>{dash.title}</b>{Object.entries(shown).map(([name, value]) => <span key={name} style={{ marginLeft: 24, fontSize: 14 }}>{name}: <b>{value}</b></span>)}
      <div style={{ fontSize: 12, color: theme.colors.text.secondary }}>{dash.description}</div>
    </div>
    {dash.panels.map((panel: any) => {
      const at = place(panel.gridPos);
      const style: any = { position: 'absolute', ...at };
      if (panel.type === 'row') return <div key={panel.id} style={{ ...style, color: theme.colors.text.primary, fontSize: 16, fontWeight: 500, paddingTop: 6 }}>{panel.title}</div>;
      return <div key={panel.id} style={style}><Guard title={panel.title}>
        <PanelChrome title={panel.title} description={panel.description} width={at.width} height={at.height} padding={panel.type === 'table' ? 'none' : 'md'} loadingState={LoadingState.Done}>
          {(width: number, height: number) =>
            panel.type === 'text' ? <div className="markdown-html" style={{ overflow: 'hidden', height }} dangerouslySetInnerHTML={{ __html: renderMarkdown(panel.options.content) }} />
              : data[panel.id] instanceof Error ? <pre style={{ color: 'red' }}>{String(data[panel.id])}</pre>
              : data[panel.id] ? <Guard title={panel.title}><Picture panel={panel} frames={data[panel.id]} width={width} height={height} /></Guard> : null}
        </PanelChrome></Guard></div>;
    })}</ThemeContext.Provider>;
}
createRoot(document.getElementById('root')!).render(<App />);

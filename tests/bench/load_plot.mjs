// A plot of load_bench's rows: how long a ticker waits for its figures, by rate and by how many options are held.

const rates = ['1k_events', '10k_events', '100k_events', 'flood'];
const colours = ['#1b6ca8', '#2a9d5c', '#c77700', '#b3262e'];
const [width, height, left, right, top, bottom] = [760, 420, 70, 150, 40, 50];

/** One SVG document; both axes by decades. Solid lines are medians, broken ones 99th percentiles. */
export function loadPlot(rows) {
  const points = rows.flatMap((row) => {
    const match = row.name.match(/^load\/([a-z0-9_]+)\/(\d+)_options/);
    return match && !row.error ? [{ rate: rates.indexOf(match[1]), options: Number(match[2]), p50: row.counters.p50_us, p99: row.counters.p99_us }] : [];
  });
  if (points.length === 0) return null;
  const values = points.flatMap((point) => [point.p50, point.p99]);
  const lowest = Math.floor(Math.log10(Math.min(...values)));
  const highest = Math.ceil(Math.log10(Math.max(...values)));
  const x = (rate) => left + (rate * (width - left - right)) / (rates.length - 1);
  const y = (microseconds) => height - bottom - ((Math.log10(microseconds) - lowest) * (height - top - bottom)) / (highest - lowest);
  const text = (at, down, words, anchor = 'middle') => `<text x="${at.toFixed(1)}" y="${down.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;

  const parts = [text(left, 20, 'From when a ticker was meant to be sent until its figures are in the table', 'start')];
  for (let decade = lowest; decade <= highest; ++decade) {
    const down = y(10 ** decade);
    const shown = decade >= 3 ? `${10 ** (decade - 3)} ms` : `${10 ** decade} us`;
    parts.push(`<line x1="${left}" y1="${down.toFixed(1)}" x2="${width - right}" y2="${down.toFixed(1)}" stroke="#ddd"/>`, text(left - 8, down + 4, shown, 'end'));
  }
  rates.forEach((rate, i) => parts.push(text(x(i), height - bottom + 22, rate.replace('_', ' '))));
  const sizes = [...new Set(points.map((point) => point.options))].sort((a, b) => a - b);
  sizes.forEach((options, i) => {
    const line = points.filter((point) => point.options === options).sort((a, b) => a.rate - b.rate);
    for (const [figure, dashes] of [['p50', ''], ['p99', ' stroke-dasharray="5 4"']]) {
      const path = line.map((point) => `${x(point.rate).toFixed(1)},${y(point[figure]).toFixed(1)}`).join(' ');
      parts.push(`<polyline points="${path}" fill="none" stroke="${colours[i % colours.length]}" stroke-width="2"${dashes}/>`);
    }
    parts.push(`<rect x="${width - right + 16}" y="${top + 22 * i}" width="14" height="4" fill="${colours[i % colours.length]}"/>`, text(width - right + 36, top + 6 + 22 * i, `${options} options`, 'start'));
  });
  parts.push(text(width - right + 16, top + 22 * sizes.length + 10, 'broken: p99', 'start'));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">\n<rect width="${width}" height="${height}" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`;
}

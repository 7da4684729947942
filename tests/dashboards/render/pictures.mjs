// Serves the built viewer beside a Prometheus and takes a picture of every board.
// usage: node pictures.mjs PROMETHEUS_URL FOLDER SECONDS [UID ...]
import { createServer } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [prometheus, folder, seconds, ...only] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const server = createServer(async (request, response) => {
  try {
    if (request.url.startsWith('/prom/')) {
      const answer = await fetch(prometheus + request.url.slice('/prom'.length));
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
      return;
    }
    const path = request.url.split('?')[0];
    const file = join(here, 'dist', path === '/' ? 'index.html' : path.replaceAll('..', ''));
    const content = readFileSync(file);
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let faults = 0;
for (const file of readdirSync(join(here, '../../../deploy/grafana/dashboards')).sort()) {
  const uid = file.replace('.json', '');
  if (only.length > 0 && !only.includes(uid)) continue;
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  page.on('pageerror', (error) => { faults += 1; console.log(`${uid}: ${String(error.stack).slice(0, 400)}`); });
  page.on('console', (message) => {
    if (message.type() !== 'error' || /Failed to load resource/.test(message.text())) return;
    faults += 1;
    console.log(`${uid}: ${message.text().slice(0, 400)}`);
  });
  await page.goto(`${address}/?board=${uid}&seconds=${seconds}`);
  await page.waitForFunction(() => document.title.startsWith('ready'), undefined, { timeout: 60_000 });
  await page.setViewportSize({ width: 1600, height: Number((await page.title()).split(' ')[1]) });
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(folder, `${uid}.png`) });
  console.log(`${uid}.png`);
  await page.close();
}
await browser.close();
server.close();
process.exit(faults > 0 ? 1 : 0);

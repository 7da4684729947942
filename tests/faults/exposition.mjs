// Prometheus's text format, as far as the daemon writes it.
import http from 'node:http';

/** Map of `name{labels}` to number. */
export function parse(text) {
  const series = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || line[0] === '#') continue;
    const end = line.lastIndexOf(' ');
    series.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return series;
}

export const familyOf = (key) => (key.includes('{') ? key.slice(0, key.indexOf('{')) : key);
export const labelOf = (key, name) => key.match(new RegExp(`[{,]${name}="([^"]*)"`))?.[1];

/** Body of a GET, or nothing when it is not answered in time. */
export function get(port, path, { patience = 3_000, agent } = {}) {
  return new Promise((done) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent, timeout: patience }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => done({ status: answer.statusCode, body: Buffer.concat(parts).toString() }));
      answer.on('error', () => done(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => done(undefined));
  });
}

/** Status of the answer to a form, or nothing. */
export function post(socketPath, path, form) {
  return new Promise((done) => {
    const request = http.request({ socketPath, path, method: 'POST', timeout: 3_000 }, (answer) => (answer.resume(), answer.on('end', () => done(answer.statusCode))));
    request.on('timeout', () => request.destroy());
    request.on('error', () => done(undefined));
    request.end(form);
  });
}

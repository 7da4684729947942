// Stands in for Alertmanager: takes what the daemon posts and counts pages as Alertmanager would send them. On /hook it is a webhook.
import http from 'node:http';

export class Pager {
  pages = [];  // {at, name, labels}: an alert of severity page that was not active became active
  told = [];  // {name, status}: what the webhook was told of alerts of severity page
  #ends = new Map();  // alert -> until when it is active, ms since the epoch

  async listen(port = 0) {
    this.server = http.createServer((request, answer) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        if (request.url === '/hook')
          for (const { status, labels } of JSON.parse(Buffer.concat(parts).toString()).alerts) if (labels.severity === 'page') this.told.push({ name: labels.alertname, status });
        if (request.url === '/api/v2/alerts' && parts.length) this.#take(JSON.parse(Buffer.concat(parts).toString()));
        answer.end();
      });
    });
    await new Promise((done, failed) => {
      this.server.once('error', failed);
      this.server.listen(port, '127.0.0.1', done);
    });
    this.port = this.server.address().port;
    return this.port;
  }
  /** Nobody answers until listen(port) again. */
  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
  since(at) {
    return this.pages.filter((page) => page.at >= at);
  }
  active() {
    const now = Date.now();
    return [...this.#ends].filter(([, end]) => end > now).map(([key]) => JSON.parse(key));
  }

  #take(alerts) {
    const now = Date.now();
    for (const { labels, endsAt } of alerts) {
      const key = JSON.stringify(Object.entries(labels).sort());
      const end = endsAt ? Date.parse(endsAt) : now + 300_000;
      if (end > now && !(this.#ends.get(key) > now) && labels.severity === 'page')
        this.pages.push({ at: performance.now(), name: labels.alertname, labels });
      this.#ends.set(key, end);
    }
  }
}

/** A headless Chromium that draws pages, driven by its own debugging protocol. */
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const WebSocket = require('ws');

const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-port=0',
];

class Browser {
  /** @param {number} width of the pages, in pixels */
  static async start(width) {
    const browser = new Browser();
    browser.width = width;
    browser.profile = fs.mkdtempSync(path.join(os.tmpdir(), 'saoma-screens-'));
    browser.process = spawn('chromium', [...FLAGS, `--user-data-dir=${browser.profile}`, 'about:blank']);
    const address = await new Promise((resolve, reject) => {
      browser.process.on('error', reject);
      browser.process.stderr.on('data', (said) => {
        const found = /ws:\/\/\S+/.exec(said);
        if (found) resolve(found[0]);
      });
    });
    const { host } = new URL(address);
    const pages = await (await fetch(`http://${host}/json/list`)).json();
    browser.socket = new WebSocket(pages.find(({ type }) => type === 'page').webSocketDebuggerUrl);
    await new Promise((resolve) => browser.socket.once('open', resolve));
    browser.ids = 0;
    return browser;
  }

  send(method, params = {}) {
    this.ids += 1;
    const id = this.ids;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      const hear = (data) => {
        const answer = JSON.parse(data);
        if (answer.id !== id) return;
        this.socket.off('message', hear);
        if (answer.error) reject(new Error(`${method}: ${answer.error.message}`));
        else resolve(answer.result);
      };
      this.socket.on('message', hear);
    });
  }

  /** The whole page as a PNG. */
  async draw(html, scheme) {
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await this.send('Emulation.setEmulatedMedia', { features });
    await this.size(600);
    const { frameTree } = await this.send('Page.getFrameTree');
    await this.send('Page.setDocumentContent', { frameId: frameTree.frame.id, html });
    const { result } = await this.send('Runtime.evaluate', {
      expression: 'document.fonts.ready.then(() => document.body.scrollHeight)',
      awaitPromise: true,
    });
    await this.size(result.value);
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }

  size(height) {
    const { width } = this;
    return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  async stop() {
    this.process.kill();
    await new Promise((resolve) => this.process.once('exit', resolve));
    fs.rmSync(this.profile, { recursive: true, force: true });
  }
}

module.exports = { Browser };

// Headless Chromium that does as it is told: node browse.js CHROMIUM [OPTIONS-AS-JSON]
// Each line of JSON on standard input is the body of an async function of page
// and context; its answer is a line "done JSON" or "failed JSON". What the
// console complains of, and requests to another host than the page's, are
// lines "complaint JSON".
'use strict';

const { chromium } = require('playwright-core');

const AsyncFunction = (async () => {}).constructor;
const say = (kind, payload) => process.stdout.write(`${kind} ${JSON.stringify(payload ?? null)}\n`);

(async () => {
  const [executablePath, options] = process.argv.slice(2);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  const context = await browser.newContext(options ? JSON.parse(options) : {});
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => say('complaint', String(error)));
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) say('complaint', message.text()); });
  page.on('request', (request) => {
    const { host } = new URL(request.url());
    if (page.url() !== 'about:blank' && host !== new URL(page.url()).host) say('complaint', request.url());
  });
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    try {
      say('done', await new AsyncFunction('page', 'context', JSON.parse(line))(page, context));
    } catch (error) {
      say('failed', String(error));
    }
  }
  await browser.close();
})();

// A page of an EHR in headless Chromium: node page.js CHROMIUM PAGE-URL
// Opens the page and prints a line for each line that the page's console says.
'use strict';

const { chromium } = require('playwright-core');

(async () => {
  const [executablePath, url] = process.argv.slice(2);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  const context = await browser.newContext();
  await context.grantPermissions(['local-network-access']).catch(() => {}); // Chrome 142 and later ask the user
  const page = await context.newPage();
  page.on('console', (message) => process.stdout.write(`${message.text()}\n`));
  await page.goto(url);
  process.stdin.on('end', () => browser.close()).resume();
})();

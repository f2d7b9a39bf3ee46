import { Client } from './socket.js';
import { texts } from './texts.js';

const kept = 200; // events shown
const statusEvery = 5000;

const $ = (id) => document.getElementById(id);
const remembered = localStorage.getItem('language');
let language = Object.hasOwn(texts, remembered ?? '') ? remembered : navigator.language.startsWith('fr') ? 'fr' : 'en';
let token = sessionStorage.getItem('token') || '';
let state = 'connecting';
let status = {}; // the last answer of /status
let paused = false;
let waiting = []; // events that came while paused

const t = (key, ...values) => {
  const text = texts[language][key];
  return typeof text === 'function' ? text(...values) : text;
};

function element(tag, properties = {}, ...content) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...content);
  return e;
}

// say marks an element with the text that it has in both languages.
function say(e, key) {
  e.dataset.text = key;
  e.textContent = t(key);
  return e;
}

function translate() {
  document.documentElement.lang = language;
  for (const e of document.querySelectorAll('[data-text]')) e.textContent = t(e.dataset.text);
  for (const e of document.querySelectorAll('[data-label]')) e.setAttribute('aria-label', t(e.dataset.label));
  $('language').textContent = t('otherLanguage');
  $('language').lang = language === 'fr' ? 'en' : 'fr';
  for (const e of document.querySelectorAll('#events > li')) e.replaceWith(row(e.event, e.firstChild.open));
  showState();
  showStatus();
  showEvents();
}

/* State and access */

const looks = { connecting: ['', 'stateConnecting'], connected: ['good', 'stateConnected'], reconnecting: ['warn', 'stateReconnecting'], locked: ['bad', 'stateLocked'] };

function showState() {
  const [look, key] = looks[state];
  $('state').className = `pill ${look}`;
  $('state').textContent = t(key);
  $('locked').hidden = state !== 'locked';
  $('simulate').disabled = state !== 'connected';
  const known = state === 'connected' || 'tokenRequired' in status;
  for (const e of document.querySelectorAll('.data')) e.hidden = !known || state === 'locked';
}

function setState(next) {
  state = next;
  showState();
  if (state === 'connected') readStatus();
}

// lock shows nothing more until a token opens, and forgets what was shown.
function lock() {
  $('refused').hidden = !token;
  token = '';
  sessionStorage.removeItem('token');
  status = { version: status.version };
  forgetEvents();
  setState('locked');
  showStatus();
  $('token').focus();
}

const client = new Client({
  state: (next) => (next === 'refused' ? lock() : setState(next)),
  event: (name, payload) => { if (name === 'fhir') receive(payload); },
});

function connect() {
  const format = document.querySelector('[name=shape]:checked').value;
  client.open(token ? { token, format } : { format });
}

// admit exchanges the secret of a link from the tray, which is good once, for a
// token of this tab.
async function admit() {
  const once = new URLSearchParams(location.hash.slice(1)).get('once');
  if (!once) return;
  history.replaceState(null, '', location.pathname);
  try {
    const answer = await fetch('/page-pass', { method: 'POST', headers: { Authorization: `Bearer ${once}` } });
    if (!answer.ok) return; // it asks for a token
    token = (await answer.json()).token;
    sessionStorage.setItem('token', token);
  } catch {
    // the pill says that the program is away
  }
}

$('access').onsubmit = (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  $('token').value = '';
  sessionStorage.setItem('token', token);
  connect();
};
$('shape').onchange = connect;

/* What is connected */

async function readStatus() {
  if (document.hidden || state === 'locked') return;
  const asker = token;
  try {
    const answer = await fetch('/status', token ? { headers: { Authorization: `Bearer ${token}` } } : {});
    const read = await answer.json();
    if (state === 'locked' || token !== asker) return; // meanwhile
    status = read;
  } catch {
    return; // the pill says that the program is away
  }
  showState();
  showStatus();
}

const linkNames = { window: 'linkWindow', hl7: 'linkHl7', server: 'linkServer', discovery: 'linkDiscovery', monitors: 'linkMonitors' };
const conditions = { connected: ['good', 'up'], asleep: ['muted', 'asleep'], offline: ['warn', 'offline'], failed: ['bad', 'failed'] };

function showStatus() {
  $('version').textContent = status.version || '';
  $('demo').hidden = !status.demo;
  $('start-demo').hidden = status.demo;
  const required = state === 'locked' ? true : status.tokenRequired;
  say($('token-need'), required === undefined ? 'tokenUnknown' : required ? 'tokenRequired' : 'tokenFree');
  const groups = [
    ['groupLinks', (status.links || []).map((l) => place(l.state, linkNames[l.id] ? t(linkNames[l.id]) : l.name, [l.where, l.text || l.error]))],
    ['groupMonitors', (status.monitors || []).map(device)],
    ['groupPeers', (status.peers || []).map(device)],
  ].filter(([, rows]) => rows.length);
  const list = groups.flatMap(([title, rows]) => [element('h3', {}, t(title)), element('ul', {}, ...rows)]);
  if ('clients' in status) list.push(element('h3', {}, t('groupClients')), element('p', { className: 'number' }, String(status.clients)));
  if (!list.length) list.push(element('p', { className: 'muted' }, t('connectedEmpty')));
  const shown = list.map((e) => e.outerHTML).join('');
  if (shown !== $('links').lastShown) $('links').replaceChildren(...list);
  $('links').lastShown = shown;
}

function device(d) {
  const call = d.accepted === false && d.discovered;
  const name = d.bed ? `${t('bed')} ${d.bed}` : d.name || d.address;
  return place(d.state, name, [
    d.address, d.messages && t('messages', d.messages), d.rejected && t('rejectedMessages', d.rejected),
    d.lastMessage && t('lastMessage', clock(new Date(d.lastMessage))), d.error,
  ], call ? 'toAccept' : undefined);
}

function place(condition, name, details, instead) {
  const [look, key] = instead ? ['warn', instead] : conditions[condition] || ['muted', ''];
  return element('li', {},
    element('strong', {}, name), element('span', { className: `pill ${look}` }, key ? t(key) : condition),
    element('span', { className: 'muted' }, details.filter(Boolean).join(' · ')));
}

/* Live events */

const clock = (time) => time.toLocaleTimeString(language, { hour12: false });
const number = (value) => (language === 'fr' ? String(value).replace('.', ',') : String(value));

// valueOf is what an Observation measured, in one line: 128/82 mmHg · 72 bpm.
function valueOf(o) {
  const groups = [];
  for (const { valueQuantity: q } of [o, ...(o.component || [])]) {
    if (!q) continue;
    const last = groups.at(-1);
    if (last && last.unit === q.unit) last.values.push(number(q.value));
    else groups.push({ unit: q.unit, values: [number(q.value)] });
  }
  return groups.map(({ values, unit }) => `${values.join('/')}\u00a0${unit}`).join(' · ') || '—';
}

const nameOf = ({ code }) => code.text || code.coding[0].display || code.coding[0].code;
const isSimulated = (o) => (o.meta?.security || []).some(({ code }) => code === 'HTEST');

function receive(observation) {
  const event = { observation, at: new Date() };
  if (!paused) return add(event);
  waiting.push(event);
  if (waiting.length > kept) waiting.shift();
  showEvents();
}

function add(event) {
  $('events').prepend(row(event, false));
  while ($('events').children.length > kept) $('events').lastChild.remove();
  showEvents();
}

function row(event, open) {
  const { observation: o, at } = event;
  const json = JSON.stringify(o, null, 2);
  const copy = say(element('button', { type: 'button', className: 'quiet' }), 'copyJson');
  const source = element('pre', { tabIndex: 0 }, json);
  copy.onclick = () => copyText(copy, json, source);
  const whose = element('span', { className: 'whose' }, o.subject?.display || t('unassigned'));
  if (isSimulated(o)) whose.append(` (${t('simulated')})`);
  const details = element('details', { open },
    element('summary', {}, element('time', {}, clock(at)), element('span', {}, nameOf(o)), element('strong', {}, valueOf(o)), whose),
    copy, source);
  const item = element('li', {}, details);
  item.event = event;
  return item;
}

function showEvents() {
  const shown = $('events').children.length;
  $('empty').hidden = shown > 0;
  $('count').hidden = shown === 0 && !paused;
  $('count').textContent = [shown && t('shown', shown), paused && t('paused')].filter(Boolean).join(' · ');
  $('pause').setAttribute('aria-pressed', paused);
  $('pause').textContent = !paused ? t('pause') : waiting.length ? t('resumeWaiting', waiting.length) : t('resume');
}

function forgetEvents() {
  $('events').replaceChildren();
  waiting = [];
  showEvents();
}

$('pause').onclick = () => {
  paused = !paused;
  if (!paused) waiting.splice(0).forEach(add);
  showEvents();
};
$('clear').onclick = forgetEvents;

/* Simulated measurements */

$('simulation').onsubmit = async (event) => {
  event.preventDefault();
  const type = $('simulated').value;
  let why = '';
  try {
    const answer = await client.ask('simulateMeasurement', ...(type ? [{ type }] : []));
    if (!answer.ok) why = answer.error.message;
  } catch (error) {
    why = error.message;
  }
  $('simulate-failed').hidden = !why;
  $('simulate-failed').textContent = why && t('simulateFailed', why);
};

/* Copying */

// copyText copies, or selects the text where the browser does not let it.
async function copyText(button, text, source) {
  const key = button.dataset.text;
  try {
    await navigator.clipboard.writeText(text);
    say(button, 'copied');
  } catch {
    getSelection().selectAllChildren(source);
    say(button, document.execCommand('copy') ? 'copied' : 'copyByHand');
  }
  clearTimeout(button.timer);
  button.initial ??= key;
  button.timer = setTimeout(() => say(button, button.initial), 2500);
}

for (const button of document.querySelectorAll('[data-copy]')) {
  button.onclick = () => {
    const source = button.closest('.command, [role=tabpanel]').querySelector('pre, .command > code');
    copyText(button, source.textContent, source);
  };
}

/* Code */

for (const sample of document.querySelectorAll('[data-sample]')) {
  sample.textContent = sample.textContent.replaceAll('localhost:63336', location.host);
}

const tabs = [...document.querySelectorAll('[role=tab]')];

function choose(tab) {
  for (const other of tabs) {
    other.setAttribute('aria-selected', other === tab);
    other.tabIndex = other === tab ? 0 : -1;
    $(other.getAttribute('aria-controls')).hidden = other !== tab;
  }
}

for (const [i, tab] of tabs.entries()) {
  const steps = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: -1 };
  tab.onclick = () => choose(tab);
  tab.onkeydown = (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = tabs.at(steps[event.key] % tabs.length);
    choose(next);
    next.focus();
  };
}

$('language').onclick = () => {
  language = language === 'fr' ? 'en' : 'fr';
  localStorage.setItem('language', language);
  translate();
};
document.addEventListener('visibilitychange', readStatus);

$('origin').textContent = location.origin;
translate();
await admit();
connect();
setInterval(readStatus, statusEvery);

'use strict';

const texts = {
  fr: {
    language: 'English', subtitle: 'Les mesures de ce poste, pour les éditeurs de logiciels médicaux',
    demo: 'Mode démonstration : les mesures sont simulées.',
    connected: 'Ce qui est connecté', live: 'Mesures en direct', form: 'Format ', clear: 'Effacer', pause: 'Pause', resume: 'Reprendre',
    empty: 'Aucune mesure depuis l’ouverture de cette page. Prenez une mesure, ou lancez « vitalien --demo » pour en voir de simulées.',
    code: 'Le code à copier', copy: 'Copier', copied: 'Copié',
    origins: 'Une page web doit être autorisée par le clinicien, dans la fenêtre de Vitalien ou par cette commande :',
    connecting: 'Connexion…', open: 'Connecté', closed: 'Déconnecté, nouvel essai…', unassigned: 'Non attribuée',
    locked: 'Jeton nécessaire', token: 'Jeton d’accès :', present: 'Se connecter', refused: 'Ce jeton n’est pas valable, ou ne l’est plus. Présentez-en un autre.',
    tokenHow: 'Sur ce poste, chaque logiciel doit présenter un jeton. Cette commande en crée un, que cette page oublie quand vous la fermez :',
    bed: 'Lit', waiting: 'à accepter',
    software: 'Logiciels connectés', links: { hl7: 'Moniteurs (HL7)', server: 'Serveur local', discovery: 'Recherche de moniteurs', monitors: 'Liaisons aux moniteurs' }, states: { connected: 'connecté', asleep: 'en veille', offline: 'hors ligne', failed: 'en échec' },
  },
  en: {
    language: 'Français', subtitle: 'The measurements of this computer, for EHR developers',
    demo: 'Demonstration: the measurements are simulated.',
    connected: 'What is connected', live: 'Live measurements', form: 'Form ', clear: 'Clear', pause: 'Pause', resume: 'Resume',
    empty: 'No measurement since this page was opened. Take one, or start “vitalien --demo” for simulated ones.',
    code: 'The code to copy', copy: 'Copy', copied: 'Copied',
    origins: 'A web page must be approved by the clinician, in the window of Vitalien or with this command:',
    connecting: 'Connecting…', open: 'Connected', closed: 'Disconnected, trying again…', unassigned: 'Unassigned',
    locked: 'Token needed', token: 'Access token:', present: 'Connect', refused: 'This token is not valid, or no longer. Present another one.',
    tokenHow: 'On this computer every program must present a token. This command creates one, which this page forgets when you close it:',
    bed: 'Bed', waiting: 'to be accepted',
    software: 'EHR connections', links: { hl7: 'Monitors (HL7)', server: 'Local server', discovery: 'Search for monitors', monitors: 'Connections to monitors' }, states: { connected: 'connected', asleep: 'asleep', offline: 'offline', failed: 'failed' },
  },
};
const keep = 200; // events shown
const $ = (id) => document.getElementById(id);
const stored = localStorage.getItem('language');
let language = stored in texts ? stored : navigator.language.startsWith('fr') ? 'fr' : 'en';
let state = 'connecting';
let paused = false;
let waiting = []; // events that came while paused
let socket;
let attempt = 0;
let token = sessionStorage.getItem('token') || '';

function text(key) { return texts[language][key]; }

function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  $('language').textContent = text('language');
  $('language').lang = language === 'fr' ? 'en' : 'fr';
  $('pause').textContent = paused ? `${text('resume')} (${waiting.length})` : text('pause');
  showState();
  showStatus();
}

function showState() {
  $('state').textContent = text(state);
  $('state').className = 'pill ' + ({ open: 'good', closed: 'bad', locked: 'bad' }[state] || '');
  $('access').hidden = state !== 'locked';
}

// The Socket.IO protocol (revision 5) over a bare WebSocket, so that this page
// needs no library.
function connect() {
  const form = $('form').value;
  const own = new WebSocket(`ws://${location.host}/socket.io/?EIO=4&transport=websocket&format=${form}`);
  socket = own;
  own.onmessage = ({ data }) => {
    if (own !== socket) return;
    if (data[0] === '0') own.send('40' + (token ? JSON.stringify({ token }) : ''));
    else if (data === '2') own.send('3');
    else if (data.startsWith('40')) { attempt = 0; setState('open'); showStatus(); }
    else if (data.startsWith('44')) lock(own);
    else if (data.startsWith('42')) {
      const [name, payload] = JSON.parse(data.slice(2));
      if (name === 'fhir') receive(payload);
    }
  };
  own.onclose = () => {
    if (own !== socket) return;
    setState('closed');
    setTimeout(connect, Math.min(10000, 500 * 2 ** attempt++));
  };
}

// lock waits for a token, since the one presented, or none, does not open.
function lock(own) {
  socket = null;
  own.close();
  $('refused').hidden = !token;
  sessionStorage.removeItem('token');
  token = '';
  setState('locked');
}

function setState(next) { state = next; showState(); }

function receive(observation) {
  const event = { observation, at: new Date() };
  if (!paused) return show(event);
  waiting.push(event);
  if (waiting.length > keep) waiting.shift();
  $('pause').textContent = `${text('resume')} (${waiting.length})`;
}

function number(value) { return String(value).replace('.', language === 'fr' ? ',' : '.'); }

// value is what an Observation measured, in one line.
function value(o) {
  if (o.valueQuantity) return `${number(o.valueQuantity.value)} ${o.valueQuantity.unit}`;
  return (o.component || []).filter((c) => c.valueQuantity)
    .map((c) => `${number(c.valueQuantity.value)} ${c.valueQuantity.unit}`).join(' · ') || '—';
}

function element(tag, content, attributes = {}) {
  const e = Object.assign(document.createElement(tag), attributes);
  e.textContent = content;
  return e;
}

function show({ observation: o, at }) {
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  summary.append(
    element('time', at.toLocaleTimeString(language, { hour12: false })),
    element('span', o.code.text),
    element('strong', value(o)),
    element('span', (o.subject && o.subject.display) || text('unassigned'), { className: 'whose' }),
  );
  const json = JSON.stringify(o, null, 2);
  const copy = element('button', text('copy'), { type: 'button', className: 'quiet' });
  copy.onclick = () => copied(copy, json);
  details.append(summary, element('pre', json, { tabIndex: 0 }), copy);
  const item = document.createElement('li');
  item.append(details);
  $('events').prepend(item);
  while ($('events').children.length > keep) $('events').lastChild.remove();
  $('empty').hidden = true;
}

async function copied(button, content) {
  await navigator.clipboard.writeText(content);
  button.textContent = text('copied');
  setTimeout(() => { button.textContent = text('copy'); }, 1500);
}

async function showStatus() {
  let status;
  try {
    status = await (await fetch('/status', token ? { headers: { Authorization: `Bearer ${token}` } } : {})).json();
  } catch {
    return; // the pill says that the program is away
  }
  $('demo').hidden = !status.demo;
  const rows = (status.links || []).map((l) => [text('links')[l.id] || l.name, `${text('states')[l.state] || l.state} · ${l.where}`]);
  for (const m of [...(status.monitors || []), ...(status.peers || [])]) {
    const state = m.accepted === false && m.discovered ? text('waiting') : text('states')[m.state] || m.state;
    rows.push([m.bed ? `${text('bed')} ${m.bed}` : m.name || m.address, `${state} · ${m.address}`]);
  }
  if ('clients' in status) rows.push([text('software'), String(status.clients)]);
  rows.push(['Version', status.version]);
  $('links').replaceChildren(...rows.flatMap(([name, content]) => [element('dt', name), element('dd', content)]));
}

$('language').onclick = () => {
  language = language === 'fr' ? 'en' : 'fr';
  localStorage.setItem('language', language);
  translate();
};
$('pause').onclick = () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', paused);
  if (!paused) waiting.splice(0).forEach(show);
  translate();
};
$('clear').onclick = () => { $('events').replaceChildren(); $('empty').hidden = false; };
$('access').onsubmit = (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  $('token').value = '';
  sessionStorage.setItem('token', token);
  setState('connecting');
  connect();
};
$('form').onchange = () => { if (!socket) return; const old = socket; setState('connecting'); connect(); old.close(); };
$('copy-code').onclick = () => copied($('copy-code'), $('code').textContent);
$('code').textContent = `<script src="https://cdn.socket.io/4.8.1/socket.io.min.js"></script>
<script>
  const socket = io('http://localhost:${location.port}');
  socket.on('fhir', (observation) => {
    console.log(observation.code.text, observation.valueQuantity || observation.component);
  });
  socket.emit('startConsultation', { patient: { id: '12345', family: 'Martin', given: 'Éloïse' } },
    (answer) => console.log(answer));
</script>`;

translate();
connect();
setInterval(showStatus, 5000);

// A Socket.IO client (revision 5 of its protocol, over Engine.IO 4) on a bare
// WebSocket, so that the page needs no library. Only the default namespace,
// only text, and the server never asks for an acknowledgement.

const firstWait = 500;
const longestWait = 10_000;

export class Client {
  #heard; // what the owner wants to know: state, event
  #auth = {};
  #ws = null;
  #timer = 0; // of the next attempt
  #silence = 0; // of the server
  #attempt = 0;
  #asked = new Map(); // acknowledgements that are due
  #lastAsked = 0;

  constructor(heard) { this.#heard = heard; }

  // open connects, and goes on doing so until close, or until the server
  // refuses what auth presents.
  open(auth) {
    this.close();
    this.#auth = auth;
    this.#attempt = 0;
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    const ws = this.#ws;
    this.#ws = null;
    if (ws) ws.close();
    this.#abandon();
  }

  // ask emits an event and gives what acknowledges it.
  ask(name, ...payload) {
    if (!this.#ws || this.#ws.readyState !== WebSocket.OPEN) return Promise.reject(new Error('not connected'));
    const id = this.#lastAsked++;
    this.#ws.send(`42${id}${JSON.stringify([name, ...payload])}`);
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  #connect() {
    this.#heard.state('connecting');
    const ws = new WebSocket(`ws://${location.host}/socket.io/?EIO=4&transport=websocket`);
    this.#ws = ws;
    ws.onmessage = ({ data }) => { if (ws === this.#ws) this.#read(data); };
    ws.onclose = () => { if (ws === this.#ws) this.#again(); };
  }

  #again() {
    clearTimeout(this.#silence);
    this.#ws = null;
    this.#abandon();
    this.#heard.state('reconnecting');
    this.#timer = setTimeout(() => this.#connect(), Math.min(longestWait, firstWait * 2 ** this.#attempt++));
  }

  #abandon() {
    for (const { reject } of this.#asked.values()) reject(new Error('connection lost'));
    this.#asked.clear();
  }

  #read(packet) {
    switch (packet[0]) {
      case '0': {
        const { pingInterval, pingTimeout } = JSON.parse(packet.slice(1));
        this.patience = pingInterval + pingTimeout;
        this.#listen();
        this.#ws.send(`40${JSON.stringify(this.#auth)}`);
        break;
      }
      case '2':
        this.#listen();
        this.#ws.send('3');
        break;
      case '4':
        this.#message(packet[1], packet.slice(2));
        break;
    }
  }

  // listen gives a connection up that is silent for longer than the server
  // has promised: a computer that slept does not learn that it is dead.
  #listen() {
    clearTimeout(this.#silence);
    const ws = this.#ws;
    this.#silence = setTimeout(() => { ws.onclose = null; ws.close(); this.#again(); }, this.patience);
  }

  #message(kind, text) {
    switch (kind) {
      case '0':
        this.#attempt = 0;
        this.#heard.state('connected');
        break;
      case '1':
        this.#ws.close();
        break;
      case '2':
        this.#heard.event(...JSON.parse(text));
        break;
      case '3': {
        const [, id, answers] = /^(\d+)(.*)$/s.exec(text);
        const due = this.#asked.get(Number(id));
        this.#asked.delete(Number(id));
        if (due) due.resolve(JSON.parse(answers)[0]);
        break;
      }
      case '4': // CONNECT_ERROR
        this.close();
        this.#heard.state('refused');
        break;
    }
  }
}

// A receiver as simple-hl7's own documentation builds it: it parses each
// message, acknowledges it, and stores nothing.
const hl7 = require('simple-hl7');
const port = Number(process.argv[2]);
const app = hl7.tcp();
app.use((req, res) => res.end());
app.start(port);
app.server.server.on('listening', () => console.log('ready 127.0.0.1:' + port));

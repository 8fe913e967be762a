/**
 * Asks one server again and again over connections that stay, and says how many answers came and how long each took:
 * `node load.js '{"port":8080,"path":"/","body":"[[1]]","connections":50,"seconds":3}'`. Raw sockets, so that the client
 * takes as little of the processor as it can; loopback only, and bounded in time.
 */
import { connect } from 'node:net';
import { argv } from 'node:process';

const { port, path, body, headers = {}, connections, seconds } = JSON.parse(argv[2]);

const head = Object.entries({
  'content-type': 'application/json',
  ...headers,
  'content-length': Buffer.byteLength(body),
});
const request = Buffer.from(
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
);
const WARM_UP = 1_000;
/** @type {number[]} */
const times = [];
let failures = 0;
/** Answers, those of the warm-up included. */
let all = 0;
let measuring = false;
let over = false;

/** One connection, one request at a time. */
function client() {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sent = 0;
    let text = '';
    const send = () => {
      text = '';
      sent = performance.now();
      socket.write(request);
    };
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('error', () => {
      failures++;
    });
    socket.on('close', resolve);
    socket.on('data', (chunk) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2))?.[1]);
      if (text.length < end + 4 + length) return;
      all++;
      if (measuring) {
        times.push(performance.now() - sent);
        if (!text.startsWith('HTTP/1.1 200 ')) failures++;
      }
      if (over) socket.destroy();
      else send();
    });
  });
}

const clients = Array.from({ length: connections }, client);
setTimeout(() => {
  measuring = true;
  setTimeout(() => {
    measuring = false;
    over = true;
  }, seconds * 1e3);
}, WARM_UP);
await Promise.all(clients);
times.sort((a, b) => a - b);
const at = (/** @type {number} */ part) => times[Math.min(times.length - 1, Math.floor(part * times.length))];
console.log(JSON.stringify({ perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99), all, failures }));

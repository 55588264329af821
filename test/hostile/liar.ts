import { createServer, type Socket } from 'node:net';

// Listens where a PM2 daemon would, and answers what it is told to. Arguments: the socket, and a JSON object with a
// list of answers for each method, as text that need not be JSON; the last one is repeated. `hang` answers nothing,
// `close` hangs up.
const [, , path = '', script = '{}'] = process.argv;
const answers = JSON.parse(script) as Record<string, string[]>;
const counts = new Map<string, number>();

createServer((socket) => {
  socket.on('error', () => undefined);
  let got = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk]);
    for (let message = next(); message !== null; message = next()) answer(socket, message);
  });
  /** The two parts of the next whole message of AMP: one byte, then a length and as many bytes for each part. */
  function next(): string[] | null {
    if (got.length === 0) return null;
    const parts: string[] = [];
    let at = 1;
    for (let left = (got[0] ?? 0) & 15; left > 0; left--) {
      if (got.length < at + 4) return null;
      const end = at + 4 + got.readUInt32BE(at);
      if (got.length < end) return null;
      parts.push(got.toString('utf8', at + 4, end));
      at = end;
    }
    got = got.subarray(at);
    return parts;
  }
}).listen(path, () => {
  console.log('listens');
});

function answer(socket: Socket, [call = '', id = '']: string[]): void {
  const { method } = JSON.parse(call.slice(2)) as { method: string };
  const count = counts.get(method) ?? 0;
  counts.set(method, count + 1);
  const list = answers[method] ?? ['true'];
  const result = list[Math.min(count, list.length - 1)] ?? 'true';
  if (result === 'hang') return;
  if (result === 'close') {
    socket.destroy();
    return;
  }
  const parts = [result.startsWith('j:') ? result : `j:{"args":[${result}]}`, id].map((part) => Buffer.from(part));
  const lengths = parts.map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return length;
  });
  socket.write(Buffer.concat([Buffer.from([0x12]), ...parts.flatMap((part, at) => [lengths[at] ?? part, part])]));
}

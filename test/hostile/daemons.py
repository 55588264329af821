"""What an unprivileged user can put in place of a PM2 daemon. Usage: daemons.py MODE SOCKET [ARGUMENT]

  list SOCKET JSON     a socket that answers every call with this list; bound under another name, then renamed
  tostring SOCKET      answers with ids that cannot be made a string
  error SOCKET         answers with an error that cannot be made a string
  big SOCKET COUNT     COUNT sockets (SOCKET0/rpc.sock...) that send 63 MiB each
  forge SOCKET INODE   an abstract name with a line feed: a line of /proc/net/unix that says INODE listens at SOCKET
"""
import json, os, re, socket, struct, sys, threading, time

mode, path = sys.argv[1], sys.argv[2]


def amp(arguments):
    return bytes([0x10 | len(arguments)]) + b''.join(struct.pack('>I', len(one)) + one for one in arguments)


def serve(connection, answer):
    try:
        call = connection.recv(65536)
        answer(connection, re.findall(rb's:(\d+:pm2-guard:\d+)', call))
        time.sleep(60)
    except OSError:
        pass


def listen(at, answer):
    os.makedirs(os.path.dirname(at), exist_ok=True)
    bound = at + '.tmp'
    server = socket.socket(socket.AF_UNIX)
    server.bind(bound if mode == 'list' else at)
    if mode == 'list':
        os.rename(bound, at)
    server.listen(64)

    def loop():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection, answer), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()


def lists(connection, ids):
    for one in ids:
        connection.sendall(amp([b'j:' + json.dumps({'args': [json.loads(sys.argv[3])]}).encode(), b's:' + one]))


def poison(connection, ids):
    bad = b'{"toString":1,"valueOf":1}'
    for one in ids:
        answer = [b'j:{"args":[[]]}', b'j:' + bad] if mode == 'tostring' else [b'j:{"error":' + bad + b'}', b's:' + one]
        connection.sendall(amp(answer))


def floods(connection, ids):
    connection.sendall(bytes([0x12]) + struct.pack('>I', 63 << 20))
    for _ in range(63):
        connection.sendall(b'a' * (1 << 20))


if mode == 'forge':
    name = '\0x\n1: 00000002 00000000 00010000 0001 01 %s %s' % (sys.argv[3], path)
    assert len(name) <= 108, len(name)
    socket_ = socket.socket(socket.AF_UNIX)
    socket_.bind(name)
elif mode == 'big':
    for at in range(int(sys.argv[3])):
        listen('%s%d/rpc.sock' % (path, at), floods)
else:
    listen(path, {'list': lists, 'tostring': poison, 'error': poison}[mode])
print('ready', flush=True)
time.sleep(600)

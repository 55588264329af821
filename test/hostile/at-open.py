"""Exchanges two names of a user's at the very moment at which another process opens a directory.

at-open.py BASE WATCHED A B USER [CALLS]: stops each node that opens WATCHED (fanotify(7), FAN_OPEN_PERM), exchanges A and
B with the rights of the user (renameat2(2), RENAME_EXCHANGE), and lets the node go on. What then uses the names A and B
meets the other one. CALLS: only so many times. Prints `ready`, then one line for each exchange.
"""
import ctypes, os, platform, pwd, struct, sys

base, watched, one, other, user = sys.argv[1:6]
left = int(sys.argv[6]) if len(sys.argv) > 6 else 1
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"
INIT, MARK, RENAMEAT2 = (262, 263, 276) if arm else (300, 301, 316)
CLASS_CONTENT, MARK_ADD, OPEN_PERM, ON_DIRECTORY, ALLOW = 4, 1, 0x10000, 0x40000000, 1


def call(number, *words):
    result = libc.syscall(number, *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


os.chdir(base)  # a rename of it by root leads nowhere else
watcher = call(INIT, CLASS_CONTENT, os.O_RDONLY)
call(MARK, watcher, MARK_ADD, ctypes.c_uint64(OPEN_PERM | ON_DIRECTORY), -100, watched.encode())
account = pwd.getpwnam(user)
print("ready", flush=True)
while True:
    read = os.read(watcher, 4096)
    while read:
        length, _, _, _, _, opened, pid = struct.unpack("=IBBHQii", read[:24])
        read = read[length:]
        try:
            with open(f"/proc/{pid}/comm") as file:
                name = file.read().strip()
        except OSError:
            name = ""
        if left > 0 and (name.startswith("node") or name == "MainThread"):
            os.setegid(account.pw_gid)
            os.seteuid(account.pw_uid)
            try:
                call(RENAMEAT2, -100, one.encode(), -100, other.encode(), 2)
                left -= 1
                print("exchanged", flush=True)
            except OSError as error:
                print(f"not exchanged: {error}", flush=True)
            os.seteuid(0)
            os.setegid(0)
        os.write(watcher, struct.pack("=iI", opened, ALLOW))
        os.close(opened)

"""A full Linux kernel (Debian's user-mode-linux: geneve, 8021q, vlan-filtering bridge, ip_gre,
openvswitch, act_vlan, act_tunnel_key ...) as an ordinary process.

Its Ethernet card vec0 is one end of a UNIX socketpair: every datagram is one frame.
No root, netns, tap or KVM on the host side; inside, the guest is root of its own kernel.
"""

import os, select, signal, socket, subprocess, tempfile, time

MODS = "/usr/lib/uml/modules"
PROMPT = "@@done "


class UML:
    def __init__(self, modules=(), mem="96M", tmp=None, log="/dev/null", transport="fd"):
        self.net, peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for s in (self.net, peer):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.net.setblocking(False)
        init = os.path.join(os.path.dirname(os.path.abspath(__file__)), "umlinit.sh")
        fd = peer.fileno()
        self.p = subprocess.Popen(
            [
                "linux.uml",
                f"mem={mem}",
                "root=/dev/root",
                "rootfstype=hostfs",
                "rootflags=/",
                "ro",
                f"init={init}",
                "quiet",
                "con0=fd:0,fd:1",
                "con=null",
                "ssl=null",
                f"vec0:transport=fd,fd={fd},depth=64,gro=0",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=open(log, "wb"),
            pass_fds=(fd,),
            env=dict(os.environ, TMPDIR=tmp or tempfile.gettempdir()),
            start_new_session=True,
        )
        peer.close()
        self.buf = b""
        self._until("READY", 60)
        if modules:
            self.sh("mp " + " ".join(modules))

    def _until(self, mark, timeout):
        end = time.monotonic() + timeout
        while (i := self.buf.find(mark.encode())) < 0 or b"\n" not in self.buf[i:]:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.p.stdout], [], [], left)[0]:
                raise TimeoutError(self.buf.decode(errors="replace"))
            d = os.read(self.p.stdout.fileno(), 65536)
            if not d:
                raise EOFError(self.buf.decode(errors="replace"))
            self.buf += d
        j = self.buf.index(b"\n", i)
        out, tail, self.buf = self.buf[:i], self.buf[i:j], self.buf[j + 1 :]
        return out.decode(errors="replace").replace("\r", ""), tail.decode()

    def sh(self, cmd, timeout=30, check=True):
        """run a shell command inside the guest"""
        self.p.stdin.write((cmd.replace("\n", ";") + f"; echo {PROMPT}$?\n").encode())
        self.p.stdin.flush()
        out, tail = self._until(PROMPT, timeout)
        rc = int(tail[len(PROMPT) :])
        if check and rc:
            raise RuntimeError(f"guest {cmd!r}: rc {rc}: {out}")
        return out

    def close(self):
        try:
            self.p.stdin.write(b"poweroff_now\n")
            self.p.stdin.flush()
            self.p.wait(3)
        except Exception:
            os.killpg(self.p.pid, signal.SIGKILL)  # its own session: only UML's own processes
            self.p.wait()
        self.net.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

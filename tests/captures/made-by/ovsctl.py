"""Run a private ovsdb-server + ovs-vswitchd (userspace datapath), optionally in a netns."""

import os, shutil, subprocess, time
from livelib import sh


class OVS:
    def __init__(self, rundir, ns=None, dummy=False, keep=False):
        self.keep = keep
        self.dir = os.path.abspath(rundir)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        pre = ["ip", "netns", "exec", ns] if ns else []
        self.env = dict(
            os.environ, OVS_RUNDIR=self.dir, OVS_LOGDIR=self.dir, OVS_DBDIR=self.dir, OVS_SYSCONFDIR=self.dir
        )
        db = f"{self.dir}/conf.db"
        self.sock = f"unix:{self.dir}/db.sock"
        subprocess.run(
            ["ovsdb-tool", "create", db, "/usr/share/openvswitch/vswitch.ovsschema"], check=True, env=self.env
        )
        quiet = ["-vconsole:off", "-vsyslog:off", "-vfile:info", "--no-chdir"]
        self.db = subprocess.Popen(
            pre
            + [
                "ovsdb-server",
                db,
                f"--remote=p{self.sock}",
                f"--unixctl={self.dir}/db.ctl",
                f"--log-file={self.dir}/ovsdb.log",
            ]
            + quiet,
            env=self.env,
        )
        self._wait(f"{self.dir}/db.sock", self.db)
        self.vsctl("--no-wait init")
        self.ctl = f"{self.dir}/vs.ctl"
        self.vs = subprocess.Popen(
            pre
            + ["ovs-vswitchd", self.sock, f"--unixctl={self.ctl}", f"--log-file={self.dir}/vs.log", "--disable-system"]
            + quiet
            + (["--enable-dummy", "--disable-system-route"] if dummy else []),
            env=self.env,
        )
        self._wait(self.ctl, self.vs)

    def _wait(self, path, proc):
        for _ in range(200):
            if os.path.exists(path):
                return
            if proc.poll() is not None:
                raise RuntimeError(f"daemon ended: see {self.dir}")
            time.sleep(0.02)
        raise RuntimeError(f"no {path}")

    def _run(self, argv, inp=None, check=True):
        p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.env, input=inp)
        if check and p.returncode:
            raise RuntimeError(f"{argv}: {p.stdout}")
        return p.stdout

    def vsctl(self, args):
        return self._run(
            ["ovs-vsctl", f"--db={self.sock}", "--timeout=10"] + (args.split() if isinstance(args, str) else args)
        )

    def appctl(self, *args, check=True):
        return self._run(["ovs-appctl", "-t", self.ctl, *args], check=check)

    def ofctl(self, *args, inp=None):
        return self._run(["ovs-ofctl", "-OOpenFlow15", *args], inp)

    def flows(self, br, text):
        return self.ofctl("--bundle", "replace-flows", br, "-", inp=text)

    def close(self):
        for p in (self.vs, self.db):
            p.terminate()
        for p in (self.vs, self.db):
            p.wait(5)
        if not self.keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

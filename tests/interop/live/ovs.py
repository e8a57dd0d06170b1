"""A private Open vSwitch: its own database, its own sockets, the userspace datapath with ports that are UNIX sockets.

Strategy: nothing of it is the system's. Two bridges: `br-phy` with our end of the underlay and the tunnel's own
address, `br-int` with the tunnel ports and the ports of hosts. It needs no rights.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from tests.interop.live import machine
from tests.interop.live.machine import PATIENCE, Silent
from tests.interop.live.peer import Peer
from tests.interop.live.ports import StreamPort, connected
from tests.interop.live.underlay import HERE, PEER

_SCHEMA: Final = "/usr/share/openvswitch/vswitch.ovsschema"


class OpenVSwitch(Peer):
    """The switch, without tunnels and hosts yet."""

    def __init__(self) -> None:
        machine.need("ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl")
        with ExitStack() as stack:
            self._folder = Path(tempfile.mkdtemp(prefix="overlaycodec-ovs-"))
            stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self._here = {f"OVS_{name}": str(self._folder) for name in ("RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR")}
            self._database = f"unix:{self._folder}/db.sock"
            self._run("ovsdb-tool", "create", f"{self._folder}/conf.db", _SCHEMA)
            self._start(
                stack, "db.sock", "ovsdb-server", f"{self._folder}/conf.db", f"--remote=p{self._database}",
                f"--unixctl={self._folder}/db.ctl",
            )  # fmt: skip
            self.vsctl("--no-wait", "init", "--", "set", "open_vswitch", ".", "other_config:vlan-limit=0")
            self._start(
                stack, "vs.ctl", "ovs-vswitchd", self._database, f"--unixctl={self._folder}/vs.ctl",
                "--enable-dummy", "--disable-system", "--disable-system-route",
            )  # fmt: skip
            self._control = stack.enter_context(Control(f"{self._folder}/vs.ctl"))
            self.vsctl(
                *f"add-br br-phy -- set bridge br-phy datapath_type=dummy fail-mode=standalone "
                f'other-config:hwaddr="{PEER.mac}" -- add-br br-int -- set bridge br-int datapath_type=dummy '
                "fail-mode=secure".split()
            )
            self._ports = stack.enter_context(ExitStack())
            self.underlay = self.host("p0", bridge="br-phy")
            self.control("netdev-dummy/ip4addr", "br-phy", f"{PEER.ipv4}/24")
            self.control("netdev-dummy/ip6addr", "br-phy", f"{PEER.ipv6}/64")
            for address in (HERE.ipv4, HERE.ipv6):
                network = f"{PEER.ipv4}/24" if "." in address else f"{PEER.ipv6}/64"
                self.control("ovs/route/add", network, "br-phy")
                self.control("tnl/neigh/set", "br-phy", address, HERE.mac)
            self._stack = stack.pop_all()

    # --- what it is made of -------------------------------------------------------------------------------------------

    def host(self, name: str, *, bridge: str = "br-int") -> StreamPort:
        """Adds a port whose frames we send and receive."""
        path = self._folder / f"{name}.sock"
        self.vsctl(
            "add-port", bridge, name, "--", "set", "interface", name, "type=dummy", f"options:pstream=punix:{path}"
        )
        port = StreamPort(str(path))
        self._ports.callback(port.close)
        return port

    def tunnel(self, name: str, kind: str, *options: str) -> None:
        """Adds a tunnel port to us, with any key unless an option says which."""
        given = dict(option.split("=", 1) for option in options)
        settings = {"key": "flow", "remote_ip": HERE.ipv4, **given}
        words = [f"options:{key}={value}" for key, value in settings.items()]
        self.vsctl("add-port", "br-int", name, "--", "set", "interface", name, f"type={kind}", *words)
        if error := self.vsctl("get", "interface", name, "error").strip().strip('"[]'):
            raise RuntimeError(f"{name}: {error}")

    def flows(self, *flows: str) -> None:
        """Makes these the flows of `br-int`."""
        self.ofctl("--bundle", "replace-flows", "br-int", "-", stdin="".join(f"{flow}\n" for flow in flows))
        self.control("revalidator/purge")  # else the datapath goes on as it did for a while

    # --- its tools ----------------------------------------------------------------------------------------------------

    def vsctl(self, *words: str) -> str:
        """What `ovs-vsctl` says."""
        return self._run("ovs-vsctl", f"--db={self._database}", f"--timeout={PATIENCE:.0f}", *words)

    def ofctl(self, *words: str, stdin: str = "") -> str:
        """What `ovs-ofctl` says."""
        return self._run("ovs-ofctl", "-OOpenFlow15", *words, stdin=stdin)

    def control(self, command: str, *words: str) -> str:
        """What the switch itself answers to a command of `ovs-appctl`."""
        return self._control(command, *words)

    @property
    def version(self) -> str:
        """As it tells it."""
        found = re.search(r"\d+\.\d+\.\d+", self.control("version"))
        return f"Open vSwitch {found.group() if found else 'of unknown version'}"

    # --- inside -------------------------------------------------------------------------------------------------------

    def _run(self, *argv: str, stdin: str = "") -> str:
        return machine.run(*argv, stdin=stdin, env=self._here)

    def _start(self, stack: ExitStack, sign: str, *argv: str) -> None:
        quiet = ("--no-chdir", "-vconsole:off", "-vsyslog:off", "-vfile:warn", f"--log-file={self._folder}/{sign}.log")
        process = machine.start([*argv, *quiet], env=self._here)
        stack.callback(machine.end, process)
        self._wait(self._folder / sign, lambda: process.poll() is None)

    def _wait(self, path: Path, alive: Any = lambda: True) -> None:  # a condition
        end = time.monotonic() + PATIENCE
        while not path.exists():
            if time.monotonic() > end or not alive():
                logs = "\n".join(log.read_text(encoding="utf-8") for log in self._folder.glob("*.log"))
                raise Silent(f"Open vSwitch made no {path.name}:\n{logs}")
            time.sleep(0.02)


class PreparedSwitch(Peer):
    """A switch with what some tests ask for."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            self.switch = stack.enter_context(OpenVSwitch())
            self._prepare()
            self._stack = stack.pop_all()

    def _prepare(self) -> None:
        """Gives it its ports."""
        raise NotImplementedError

    @property
    def version(self) -> str:
        """That of the switch."""
        return self.switch.version


class Control:
    """The control socket of a daemon: JSON-RPC, one request at a time."""

    def __init__(self, path: str) -> None:
        self._socket = connected(path, PATIENCE)
        self._socket.settimeout(PATIENCE)
        self._requests = 0

    def __call__(self, method: str, *params: str) -> str:
        """What it answers. Raises: RuntimeError where it refuses."""
        self._requests += 1
        request = {"method": method, "params": params, "id": self._requests}
        self._socket.sendall(json.dumps(request).encode())
        text = ""
        while True:
            octets = self._socket.recv(1 << 20)
            if not octets:
                raise ConnectionError(f"no answer to {method}")
            text += octets.decode()
            try:
                answer: Mapping[str, Any] = json.loads(text)  # Any: JSON
            except ValueError:
                continue
            if answer["error"]:
                raise RuntimeError(f"{method} {' '.join(params)}: {answer['error']}")
            return str(answer["result"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

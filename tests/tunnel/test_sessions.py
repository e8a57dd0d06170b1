"""Sessions, tags and mirror headers that are taken off as tunnels are; where their frames begin is counted by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

import overlaycodec as oc
from overlaycodec import cli, tunnel
from overlaycodec.cli.commands import overlaycodec

HERE: Final = Path(__file__).parents[1]
CAPTURES: Final = HERE / "captures"
ETHERNET, IPV4, UDP, TAG, PPPOE = 14, 20, 8, 4, 6


def vector(file: str, name: str) -> bytes:
    found: list[dict[str, Any]] = json.loads((HERE / "vectors" / f"{file}.json").read_text())
    return bytes.fromhex(next(one["hex"] for one in found if one["name"] == name))


SESSION: Final = vector("ppp", "pppoe-session-ipv4")
OF_ONE_OCTET: Final = vector("ppp", "pppoe-protocol-of-one-octet")
DISCOVERY: Final = vector("ppp", "pppoe-discovery-padi")
MIRRORED: Final = vector("tzsp", "frame")


def frames(name: str) -> list[bytes]:
    with oc.open_capture(CAPTURES / name) as capture:
        return [record.data for record in capture]


@pytest.mark.parametrize(
    ("data", "through", "start", "first"),
    [
        (SESSION, "pppoe", ETHERNET + PPPOE + 2, oc.IPv4),
        (SESSION, "pppoe[0]", ETHERNET + PPPOE, oc.PPP),
        (SESSION, "ppp", ETHERNET + PPPOE + 2, oc.IPv4),
        (OF_ONE_OCTET, "pppoe", ETHERNET + PPPOE + 1, oc.IPv6),
        (SESSION[:12] + bytes.fromhex("81000007") + SESSION[12:], "pppoe", ETHERNET + TAG + PPPOE + 2, oc.IPv4),
        (MIRRORED, "tzsp", ETHERNET + IPV4 + UDP + 4 + 1, oc.Ethernet),
        (MIRRORED, "udp", ETHERNET + IPV4 + UDP, oc.TZSP),
        (MIRRORED, "inner.ethernet", ETHERNET + IPV4 + UDP + 4 + 1 + ETHERNET, oc.IPv4),
    ],
)
def test_the_frame_is_what_follows(data: bytes, through: str, start: int, first: type[oc.Header]) -> None:
    found = tunnel.decapsulate(data, through=through)
    assert (found.frame, found.first, found.missing) == (data[start:], first, 0)
    assert sum(len(oc.encode(header)) for header in found.tunnel.headers) == start


def test_padding_and_the_fcs_are_not_of_the_session() -> None:
    """PPPoE's length ends the frame before the padding of Ethernet."""
    plain = tunnel.decapsulate(SESSION, through="pppoe").frame
    assert tunnel.decapsulate(SESSION + bytes(9), through="pppoe").frame == plain
    packet = oc.decode(SESSION + bytes(9) + b"fcs!", fcs_octets=4, lax=True)
    assert tunnel.decapsulate(packet, through="pppoe").frame == plain


def test_tags_are_taken_off_together() -> None:
    """Two tags in a capture of Linux: 802.1ad outside, 802.1Q inside."""
    inside = (frame[ETHERNET + IPV4 + UDP + 8 :] for frame in frames("kernel-vxlan-inner-vlan.pcap"))
    data = next(frame for frame in inside if frame[12:14] + frame[16:18] == b"\x88\xa8\x81\0")
    both, one = (tunnel.decapsulate(data, through=name, lax=True) for name in ("vlan", "vlan[0]"))
    assert (both.frame, one.frame) == (data[ETHERNET + 2 * TAG :], data[ETHERNET + TAG :])
    assert tunnel.decapsulate(data, through="vlan[1]", lax=True).frame == both.frame


def test_labels_of_mpls() -> None:
    data = next(frame for frame in frames("linux-mpls.pcap") if frame[12:14] == b"\x88\x47")
    labels = 1
    while not data[ETHERNET + 4 * labels - 2] & 1:  # the bit of the last label
        labels += 1
    found = tunnel.decapsulate(data, through="mpls", lax=True)
    assert found.frame == data[ETHERNET + 4 * labels :]


def test_an_outer_congestion_mark_goes_to_the_frame() -> None:
    """As at the end of any tunnel: RFC 6040."""
    marked = bytearray(MIRRORED)
    marked[ETHERNET + 1] |= 3
    inner = ETHERNET + IPV4 + UDP + 5 + ETHERNET
    marked[inner + 1] |= 2
    found = tunnel.decapsulate(oc.encode(oc.fill(oc.decode(bytes(marked), lax=True))), through="tzsp")
    assert found.ecn == tunnel.ECNOutcome(ecn=3, alarm=tunnel.ECNAlarm.NONE)
    assert found.frame[ETHERNET + 1] & 3 == 3


@pytest.mark.parametrize("through", ["pppoe", "ppp", "inner.ethernet", "vlan", "ethernet[1]"])
def test_packets_without_the_header(through: str) -> None:
    with pytest.raises(oc.MissingHeaderError, match=through.replace("[", r"\[")):
        tunnel.decapsulate(DISCOVERY, through=through)


def test_what_a_router_quotes_is_no_session() -> None:
    error = next(frame for frame in frames("linux-icmp-errors.pcap") if "quoted.ipv4" in oc.decode(frame, lax=True))
    assert "quoted.udp" in oc.decode(error, lax=True)
    with pytest.raises(oc.MissingHeaderError):
        tunnel.decapsulate(error, through="udp", lax=True)


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_gives_what_the_hosts_sent(tmp_path: Path) -> None:
    source, target = tmp_path / "in.pcap", tmp_path / "out.pcapng"
    oc.write_capture(source, [SESSION, DISCOVERY, OF_ONE_OCTET + bytes(6)], time_ns=7)
    result = CliRunner().invoke(overlaycodec, ["decap", "--through", "pppoe", str(source), str(target)])
    assert result.exit_code == 0
    with oc.open_capture(target) as capture:
        assert list(capture) == [
            oc.Record(SESSION[ETHERNET + PPPOE + 2 :], 101, 7),
            oc.Record(OF_ONE_OCTET[ETHERNET + PPPOE + 1 :], 101, 7),
        ]
    assert "3 packets read, 2 written; 1 left out (no pppoe 1)" in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--through", "pppoa"], "no header has the name 'pppoa'"),
        (["--through", "pppoe", "--tunnels", "2"], "exclude each other"),
    ],
)
def test_what_the_command_refuses(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["decap", str(CAPTURES / "linux-mpls.pcap"), str(tmp_path / "out.pcap"), *options]) == 2
    assert said in capsys.readouterr().err

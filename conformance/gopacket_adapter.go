// gopacket: apt-get install golang-go golang-github-google-gopacket-dev
// GO111MODULE=off GOPATH=/usr/share/gocode go build -o gopacket_adapter conformance/gopacket_adapter.go
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// What gopacket says of protocols that it does not know: no fault of the packet.
var unsupported = []string{"Unable to decode EthernetType", "not currently supported", "Unable to guess protocol",
	"Unable to decode PPPoECode", "PPP has invalid type", "Unknown IPv6 routing header", "Unable to decode PPPType", "Invalid loopback protocol"}

type fields map[string]interface{}

type header struct {
	Path   string `json:"path"`
	Fields fields `json:"fields"`
}

type answer struct {
	Headers []header    `json:"headers"`
	Fault   interface{} `json:"fault"`
}

func headersOf(layer gopacket.Layer) []header {
	switch l := layer.(type) {
	case *layers.Ethernet:
		kind := int(l.EthernetType)
		if l.Length > 0 {
			kind = int(l.Length)
		}
		return []header{{"ethernet", fields{"dst": l.DstMAC.String(), "src": l.SrcMAC.String(), "ethertype": kind}}}
	case *layers.Dot1Q:
		return []header{{"vlan", fields{"pcp": l.Priority, "dei": l.DropEligible, "vid": l.VLANIdentifier, "ethertype": int(l.Type)}}}
	case *layers.ARP:
		f := fields{"hardware_type": int(l.AddrType), "protocol_type": int(l.Protocol), "hardware_length": l.HwAddressSize,
			"protocol_length": l.ProtAddressSize, "operation": l.Operation}
		if l.HwAddressSize == 6 && l.ProtAddressSize == 4 {
			mac := func(b []byte) string {
				return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5])
			}
			ip := func(b []byte) string { return fmt.Sprintf("%d.%d.%d.%d", b[0], b[1], b[2], b[3]) }
			f["sender_hardware"], f["sender_protocol"] = mac(l.SourceHwAddress), ip(l.SourceProtAddress)
			f["target_hardware"], f["target_protocol"] = mac(l.DstHwAddress), ip(l.DstProtAddress)
		}
		return []header{{"arp", f}}
	case *layers.IPv4:
		return []header{{"ipv4", fields{"version": l.Version, "ihl": l.IHL, "dscp": l.TOS >> 2, "ecn": l.TOS & 3, "total_length": l.Length,
			"identification": l.Id, "reserved0": int(l.Flags) >> 2 & 1, "dont_fragment": int(l.Flags) >> 1 & 1, "more_fragments": int(l.Flags) & 1,
			"fragment_offset": l.FragOffset, "ttl": l.TTL, "protocol": int(l.Protocol), "checksum": l.Checksum,
			"src": l.SrcIP.String(), "dst": l.DstIP.String()}}}
	case *layers.IPv6:
		return []header{{"ipv6", fields{"version": l.Version, "dscp": l.TrafficClass >> 2, "ecn": l.TrafficClass & 3, "flow_label": l.FlowLabel,
			"payload_length": l.Length, "next_header": int(l.NextHeader), "hop_limit": l.HopLimit, "src": l.SrcIP.String(), "dst": l.DstIP.String()}}}
	case *layers.IPv6HopByHop:
		return []header{{"ipv6_hop_by_hop", fields{"next_header": int(l.NextHeader)}}}
	case *layers.IPv6Destination:
		return []header{{"ipv6_destination_options", fields{"next_header": int(l.NextHeader)}}}
	case *layers.IPv6Routing:
		return []header{{"ipv6_routing", fields{"next_header": int(l.NextHeader), "routing_type": l.RoutingType, "segments_left": l.SegmentsLeft}}}
	case *layers.IPv6Fragment:
		return []header{{"ipv6_fragment", fields{"next_header": int(l.NextHeader), "fragment_offset": l.FragmentOffset,
			"more_fragments": l.MoreFragments, "identification": l.Identification}}}
	case *layers.TCP:
		f := fields{"src_port": int(l.SrcPort), "dst_port": int(l.DstPort), "sequence": l.Seq, "acknowledgment": l.Ack, "data_offset": l.DataOffset,
			"window": l.Window, "checksum": l.Checksum, "urgent_pointer": l.Urgent, "fin": l.FIN, "syn": l.SYN, "rst": l.RST, "psh": l.PSH,
			"ack": l.ACK, "urg": l.URG, "ece": l.ECE, "cwr": l.CWR}
		options := []fields{}
		for _, option := range l.Options {
			options = append(options, fields{"kind": int(option.OptionType)})
		}
		if len(options) > 0 {
			f["options"] = options
		}
		return []header{{"tcp", f}}
	case *layers.UDP:
		return []header{{"udp", fields{"src_port": int(l.SrcPort), "dst_port": int(l.DstPort), "length": l.Length, "checksum": l.Checksum}}}
	case *layers.SCTP:
		return []header{{"sctp", fields{"src_port": int(l.SrcPort), "dst_port": int(l.DstPort), "verification_tag": l.VerificationTag, "checksum": l.Checksum}}}
	case *layers.ICMPv4:
		found := []header{{"icmp", fields{"type": l.TypeCode.Type(), "code": l.TypeCode.Code(), "checksum": l.Checksum}}}
		if t := l.TypeCode.Type(); t == 0 || t == 8 {
			found = append(found, header{"icmp_echo", fields{"identifier": l.Id, "sequence": l.Seq}})
		}
		return found
	case *layers.ICMPv6:
		return []header{{"icmpv6", fields{"type": l.TypeCode.Type(), "code": l.TypeCode.Code(), "checksum": l.Checksum}}}
	case *layers.ICMPv6Echo:
		return []header{{"icmpv6_echo", fields{"identifier": l.Identifier, "sequence": l.SeqNumber}}}
	case *layers.ICMPv6NeighborSolicitation:
		return []header{{"neighbor_solicitation", fields{"target": l.TargetAddress.String()}}}
	case *layers.VXLAN:
		return []header{{"vxlan", fields{"vni_valid": l.ValidIDFlag, "vni": l.VNI, "group_policy": l.GBPExtension, "dont_learn": l.GBPDontLearn,
			"policy_applied": l.GBPApplied, "group_policy_id": l.GBPGroupPolicyID}}}
	case *layers.Geneve:
		f := fields{"version": l.Version, "opt_len": l.OptionsLength / 4, "control": l.OAMPacket, "critical": l.CriticalOption,
			"protocol_type": int(l.Protocol), "vni": l.VNI}
		options := []fields{}
		for _, option := range l.Options {
			options = append(options, fields{"option_class": option.Class, "type": option.Type, "length": (int(option.Length) - 4) / 4})
		}
		if len(options) > 0 {
			f["options"] = options
		}
		return []header{{"geneve", f}}
	case *layers.GRE:
		f := fields{"checksum_present": l.ChecksumPresent, "routing_present": l.RoutingPresent, "key_present": l.KeyPresent,
			"sequence_present": l.SeqPresent, "version": l.Version, "protocol_type": int(l.Protocol)}
		if l.KeyPresent {
			f["key"] = l.Key
		}
		if l.SeqPresent {
			f["sequence"] = l.Seq
		}
		if l.ChecksumPresent {
			f["checksum"] = l.Checksum
		}
		return []header{{"gre", f}}
	case *layers.MPLS:
		return []header{{"mpls", fields{"label": l.Label, "traffic_class": l.TrafficClass, "bottom_of_stack": l.StackBottom, "ttl": l.TTL}}}
	case *layers.GTPv1U:
		return []header{{"gtpu", fields{"version": l.Version, "message_type": l.MessageType, "length": l.MessageLength, "teid": l.TEID}}}
	case *layers.ERSPANII:
		return []header{{"erspan", fields{"version": l.Version, "vlan": l.VLANIdentifier, "cos": l.CoS, "session_id": l.SessionID, "index": l.Index}}}
	case *layers.PPPoE:
		name := "pppoe"
		if l.Code != 0 {
			name = "pppoe_discovery"
		}
		return []header{{name, fields{"version": l.Version, "type": l.Type, "code": int(l.Code), "session_id": l.SessionId, "length": l.Length}}}
	case *layers.PPP:
		return []header{{"ppp", fields{"protocol": int(l.PPPType)}}}
	case *layers.LLC:
		ssap := int(l.SSAP)
		if l.CR { // it takes the bit for command or response out of the access point
			ssap |= 1
		}
		return []header{{"llc", fields{"dsap": l.DSAP, "ssap": ssap}}}
	case *layers.SNAP:
		return []header{{"snap", fields{"protocol": int(l.Type)}}}
	case *layers.EtherIP:
		return []header{{"etherip", fields{"version": l.Version}}}
	case *layers.IPSecAH:
		return []header{{"ah", fields{"spi": l.SPI, "sequence": l.Seq}}}
	case *layers.IPSecESP:
		return []header{{"esp", fields{"spi": l.SPI, "sequence": l.Seq}}}
	case *layers.BFD:
		return []header{{"bfd", fields{"version": int(l.Version), "detect_multiplier": int(l.DetectMultiplier), "my_discriminator": int(l.MyDiscriminator),
			"your_discriminator": int(l.YourDiscriminator)}}}
	case *layers.VRRPv2:
		return []header{{"vrrp", fields{"version": l.Version, "type": int(l.Type), "router_id": l.VirtualRtrID, "priority": l.Priority, "address_count": l.CountIPAddr, "checksum": l.Checksum}}}
	case *layers.DHCPv4:
		return []header{{"dhcp", fields{"op": int(l.Operation), "htype": int(l.HardwareType), "hlen": l.HardwareLen, "hops": l.HardwareOpts, "xid": l.Xid, "secs": l.Secs}}}
	case *layers.LinuxSLL:
		return []header{{"sll", fields{"packet_type": int(l.PacketType), "address_length": l.AddrLen, "protocol": int(l.EthernetType)}}}
	case *layers.Loopback:
		return []header{{"bsd_null", fields{"family": int(l.Family)}}}
	case *layers.LinkLayerDiscovery:
		return []header{{"lldp", fields{}}}
	case *layers.STP:
		return []header{{"stp", fields{}}}
	}
	return nil
}

func read(link int, data []byte) (found answer) {
	found = answer{Headers: []header{}}
	defer func() {
		if failure := recover(); failure != nil {
			found = answer{Headers: []header{}, Fault: fmt.Sprint("the decoder failed: ", failure)}
		}
	}()
	if link == 12 || link == 14 || link == 101 {
		link = 228
		if len(data) > 0 && data[0]>>4 == 6 {
			link = 229
		}
	}
	first := map[int]gopacket.Decoder{0: layers.LayerTypeLoopback, 1: layers.LayerTypeEthernet, 108: layers.LayerTypeLoopback,
		113: layers.LayerTypeLinuxSLL, 228: layers.LayerTypeIPv4, 229: layers.LayerTypeIPv6}[link]
	if first == nil {
		return found
	}
	packet := gopacket.NewPacket(data, first, gopacket.Default)
	for _, layer := range packet.Layers() {
		found.Headers = append(found.Headers, headersOf(layer)...)
	}
	if failure := packet.ErrorLayer(); failure != nil {
		text := failure.Error().Error()
		for _, unknown := range unsupported {
			if strings.Contains(text, unknown) {
				return found
			}
		}
		found.Fault = text
	} else if packet.Metadata().Truncated {
		found.Fault = "truncated"
	}
	return found
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	for in.Scan() {
		parts := strings.Fields(in.Text())
		var link int
		fmt.Sscan(parts[0], &link)
		data := []byte{}
		if parts[2] != "-" {
			data, _ = hex.DecodeString(parts[2])
		}
		line, _ := json.Marshal(read(link, data))
		fmt.Println(string(line))
	}
}

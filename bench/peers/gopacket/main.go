// Reads a capture of seven-header VXLAN frames into twenty columns, and says how long that took and what it found.
//
// usage: gopacket parser|packet FILE PACKETS
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

const columns = 20

type table [columns][]uint64

func mac(octets []byte) uint64 {
	return uint64(binary.BigEndian.Uint16(octets))<<32 | uint64(binary.BigEndian.Uint32(octets[2:]))
}

func ip(octets []byte) uint64 {
	return uint64(binary.BigEndian.Uint32(octets))
}

func (t *table) add(row *[columns]uint64) {
	for column, value := range row {
		t[column] = append(t[column], value)
	}
}

func outside(row *[columns]uint64, ci gopacket.CaptureInfo, eth *layers.Ethernet, ip4 *layers.IPv4, udp *layers.UDP, vni uint32) {
	row[0] = uint64(ci.Timestamp.UnixNano())
	row[1] = uint64(ci.Length)
	row[2], row[3] = mac(eth.DstMAC), mac(eth.SrcMAC)
	row[4], row[5], row[6] = ip(ip4.SrcIP), ip(ip4.DstIP), uint64(ip4.TTL)
	row[7] = uint64(udp.SrcPort)
	row[8] = uint64(vni)
}

func inside(row *[columns]uint64, eth *layers.Ethernet, ip4 *layers.IPv4, tcp *layers.TCP) {
	row[9], row[10] = mac(eth.DstMAC), mac(eth.SrcMAC)
	row[11], row[12], row[13], row[14] = ip(ip4.SrcIP), ip(ip4.DstIP), uint64(ip4.TTL), uint64(ip4.Id)
	row[15], row[16] = uint64(tcp.SrcPort), uint64(tcp.DstPort)
	row[17], row[18] = uint64(tcp.Seq), uint64(tcp.Window)
}

// One parser for what is outside and one for what is within: a parser has one place for each kind of layer.
func byParser(reader *pcapgo.Reader, found *table) {
	var eth, innerEth layers.Ethernet
	var ip4, innerIP4 layers.IPv4
	var udp layers.UDP
	var vxlan layers.VXLAN
	var tcp layers.TCP
	outer := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &ip4, &udp)
	inner := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &innerEth, &innerIP4, &tcp)
	outer.IgnoreUnsupported, inner.IgnoreUnsupported = true, true
	decoded := make([]gopacket.LayerType, 0, 8)
	for {
		data, ci, err := reader.ZeroCopyReadPacketData()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		var row [columns]uint64
		err = outer.DecodeLayers(data, &decoded)
		if err == nil && len(decoded) == 3 {
			err = vxlan.DecodeFromBytes(udp.Payload, gopacket.NilDecodeFeedback)
		}
		if err == nil {
			outside(&row, ci, &eth, &ip4, &udp, vxlan.VNI)
			err = inner.DecodeLayers(vxlan.Payload, &decoded)
			if err == nil && len(decoded) == 3 {
				inside(&row, &innerEth, &innerIP4, &tcp)
			}
		}
		if err != nil {
			row[19] = 1
		}
		found.add(&row)
	}
}

func byPacket(reader *pcapgo.Reader, found *table) {
	for {
		data, ci, err := reader.ReadPacketData()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		var row [columns]uint64
		all := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.NoCopy).Layers()
		if len(all) >= 7 {
			outside(&row, ci, all[0].(*layers.Ethernet), all[1].(*layers.IPv4), all[2].(*layers.UDP), all[3].(*layers.VXLAN).VNI)
			inside(&row, all[4].(*layers.Ethernet), all[5].(*layers.IPv4), all[6].(*layers.TCP))
		} else {
			row[19] = 1
		}
		found.add(&row)
	}
}

func spent() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func main() {
	runtime.GOMAXPROCS(1)
	packets, err := strconv.Atoi(os.Args[3])
	if err != nil {
		panic(err)
	}
	var found table
	for column := range found {
		found[column] = make([]uint64, 0, packets)
	}
	start := spent()
	file, err := os.Open(os.Args[2])
	if err != nil {
		panic(err)
	}
	reader, err := pcapgo.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		panic(err)
	}
	if os.Args[1] == "parser" {
		byParser(reader, &found)
	} else {
		byPacket(reader, &found)
	}
	seconds := spent() - start
	sums := make([]string, columns)
	for column, values := range found {
		var sum uint64
		for _, value := range values {
			sum += value
		}
		sums[column] = strconv.FormatUint(sum, 10)
	}
	text, err := json.Marshal(map[string]interface{}{"packets": len(found[0]), "seconds": seconds, "sums": sums})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
